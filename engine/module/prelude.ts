import type { SyscallName } from './syscall-names.ts';

/**
 * The platform's part of a realm, as source text that evaluates to a function `(host, syscalls) => systemModules`.
 * It is text because it must be made of the realm's own objects: a host function or object in a module's reach would
 * lead it, by way of `constructor`, to the host's globals. Closures over `host` and `syscalls` do not.
 */
export function preludeSource(syscalls: readonly SyscallName[]): string {
  return `
(function (unsafeHost, syscalls) {
  'use strict';
  const { Uint8Array, ArrayBuffer, TypeError, RangeError, Error, JSON, String, Object, Symbol, Reflect, Function } = globalThis;
  const own = (object, methods) => Object.defineProperties(object, Object.getOwnPropertyDescriptors(methods));
  const hidden = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

  // What the host throws, a stack overflow for one, must not get into the realm either.
  const host = {};
  for (const [name, fn] of Object.entries(unsafeHost)) {
    host[name] = (a, b, c) => {
      try {
        return fn(a, b, c);
      } catch {
        throw new RangeError(name + ' failed in the host');
      }
    };
  }

  // Shared memory can block the thread, WebAssembly has a clock and memory of its own, and both others make the
  // garbage collector visible: none of them is deterministic.
  for (const name of ['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'WeakRef']) delete globalThis[name];
  hidden('FinalizationRegistry', class FinalizationRegistry {
    register() {}
    unregister() { return false; }
  });

  // Node answers \`import()\` with an error of the host's, which leads to its globals.
  const importCall = /(?<!(?<!\\.\\.)\\.)\\bimport(?=\\s*(?:[(.]|\\/[*/]))/;
  const requireNoImport = (parts) => {
    for (const part of parts) {
      if (importCall.test(String(part))) throw new TypeError('import() is not available in a module');
    }
    return parts.map(String);
  };
  const { construct } = Reflect;
  for (const sample of [function () {}, async function () {}, function* () {}, async function* () {}]) {
    const prototype = Object.getPrototypeOf(sample);
    const Original = prototype.constructor;
    const Safe = function (...parts) {
      return construct(Original, requireNoImport(parts), new.target === undefined ? Original : new.target);
    };
    Object.defineProperty(Safe, 'name', { value: Original.name });
    Object.defineProperty(Safe, 'prototype', { value: prototype });
    Object.defineProperty(prototype, 'constructor', { value: Safe });
    if (Original === Function) hidden('Function', Safe);
  }
  const { eval: evaluate } = globalThis;
  hidden('eval', (code) => (typeof code === 'string' ? evaluate(requireNoImport([code])[0]) : code));

  Object.defineProperty(Math, 'random', {
    get() {
      throw new TypeError('Math.random is not available in a module because it is not deterministic: use ctx.random()');
    },
  });

  const asBytes = (input) =>
    input === undefined ? new Uint8Array(0)
    : ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    : new Uint8Array(input);

  hidden('TextEncoder', class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(input = '') {
      const text = String(input);
      const length = text.length;
      if (length <= 48) {
        const bytes = new Uint8Array(length);
        let i = 0;
        for (; i < length; i++) {
          const code = text.charCodeAt(i);
          if (code >= 128) break;
          bytes[i] = code;
        }
        if (i === length) return bytes;
      }
      const bytes = new Uint8Array(host.utf8Length(text));
      host.utf8Write(text, bytes);
      return bytes;
    }
    encodeInto(input, target) {
      const text = String(input);
      let read = 0;
      let written = 0;
      for (const character of text) {
        const bytes = this.encode(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  });

  // For a short text a loop beats a call into the host.
  const { fromCharCode } = String;
  const shortAscii = (bytes) => {
    if (bytes.length > 24) return undefined;
    let text = '';
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] > 0x7f) return undefined;
      text += fromCharCode(bytes[i]);
    }
    return text;
  };

  hidden('TextDecoder', class TextDecoder {
    #fatal;
    #ignoreBOM;
    constructor(label = 'utf-8', options = {}) {
      if (!/^\\s*(utf-?8|unicode-1-1-utf-8)\\s*$/i.test(label)) {
        throw new RangeError('the encoding "' + label + '" is not available in a module: use utf-8');
      }
      this.#fatal = Boolean(options.fatal);
      this.#ignoreBOM = Boolean(options.ignoreBOM);
    }
    get encoding() { return 'utf-8'; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    decode(input, options) {
      if (options?.stream) throw new TypeError('decoding in pieces is not available in a module: decode the whole');
      const bytes = asBytes(input);
      const short = shortAscii(bytes);
      if (short !== undefined) return short;
      if (this.#fatal && !host.isUtf8(bytes)) throw new TypeError('The encoded data was not valid for encoding utf-8');
      const hasBOM = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
      return host.utf8Read(bytes, hasBOM && !this.#ignoreBOM ? 3 : 0);
    }
  });

  class URLSearchParams {
    #pairs = [];
    #changed = () => {};
    constructor(init = '') {
      if (typeof init === 'object' && init !== null) {
        const pairs = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
        this.#pairs = pairs.map(([name, value]) => [String(name), String(value)]);
      } else {
        this.#parse(String(init));
      }
    }
    static linked(text, changed) {
      const params = new URLSearchParams(text);
      params.#changed = changed;
      return params;
    }
    #parse(text) {
      this.#pairs = JSON.parse(host.searchPairs(text));
    }
    #set(pairs) {
      this.#pairs = pairs;
      this.#changed(this.toString());
    }
    get size() { return this.#pairs.length; }
    append(name, value) { this.#set([...this.#pairs, [String(name), String(value)]]); }
    delete(name, value) {
      this.#set(this.#pairs.filter((pair) => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value))));
    }
    get(name) { return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]); }
    has(name, value) {
      return this.#pairs.some((pair) => pair[0] === String(name) && (value === undefined || pair[1] === String(value)));
    }
    set(name, value) {
      const place = this.#pairs.findIndex((pair) => pair[0] === String(name));
      const pairs = this.#pairs.filter((pair, index) => index === place || pair[0] !== String(name));
      if (place < 0) pairs.push([String(name), String(value)]);
      else pairs[pairs.findIndex((pair) => pair[0] === String(name))] = [String(name), String(value)];
      this.#set(pairs);
    }
    sort() { this.#set(this.#pairs.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))); }
    forEach(fn, self) { for (const [name, value] of this.#pairs) fn.call(self, value, name, this); }
    *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    *keys() { for (const [name] of this.#pairs) yield name; }
    *values() { for (const [, value] of this.#pairs) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return host.searchText(JSON.stringify(this.#pairs)); }
  }

  class URL {
    #parts;
    #params;
    constructor(url, base) {
      const text = host.url(String(url), base === undefined ? undefined : String(base));
      if (text === undefined) throw new TypeError('Invalid URL');
      this.#parts = JSON.parse(text);
    }
    static canParse(url, base) {
      return host.url(String(url), base === undefined ? undefined : String(base)) !== undefined;
    }
    static get(url, part) { return url.#parts[part]; }
    static set(url, part, value) {
      const text = host.urlWith(url.#parts.href, part, String(value));
      if (text === undefined) throw new TypeError('Invalid URL');
      url.#parts = JSON.parse(text);
      url.#params = undefined;
    }
    get origin() { return this.#parts.origin; }
    get searchParams() {
      return (this.#params ??= linkedParams(this.#parts.search, (search) => {
        const params = this.#params;
        setPart(this, 'search', search);
        this.#params = params;
      }));
    }
    toString() { return this.#parts.href; }
    toJSON() { return this.#parts.href; }
  }
  const { get: getPart, set: setPart } = URL;
  const { linked: linkedParams } = URLSearchParams;
  delete URL.get;
  delete URL.set;
  delete URLSearchParams.linked;
  for (const part of ${JSON.stringify(urlParts)}) {
    Object.defineProperty(URL.prototype, part, {
      get() { return getPart(this, part); },
      set(value) { setPart(this, part, value); },
      enumerable: true,
      configurable: true,
    });
  }
  hidden('URL', URL);
  hidden('URLSearchParams', URLSearchParams);

  const moduleHooks = Symbol('moduleHooks');
  const system = own(Object.create(null), {
    __esModule: true,
    moduleHooks,
    register_hooks() { throw new TypeError('hooks are read from the default export of a module'); },
${syscalls.map(wrapper).join('\n')}
  });
  const log = (level) => (...data) => system.console_log(level, data.map(String).join(' '));
  hidden('console', { error: log(0), warn: log(1), info: log(2), log: log(2), debug: log(3), trace: log(4) });

  const pick = (names) => Object.freeze(own(Object.create(null), Object.fromEntries(names.map((name) => [name, system[name]]))));
  const modules = new Map([
    ['spacetime:sys@2.0', pick(Object.keys(system).filter((name) => name !== 'datastore_clear'))],
    ['spacetime:sys@2.1', pick(['__esModule', 'moduleHooks', 'datastore_clear'])],
  ]);
  return {
    moduleHooks,
    module: { exports: {} },
    require(name) {
      const found = modules.get(name);
      if (found === undefined) {
        throw new TypeError('The module imports "' + name + '", but a module can only import ' + [...modules.keys()].join(' and '));
      }
      return found;
    },
  };
})`;
}

export const urlParts = [
  ...(['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'] as const),
];

/** Each system call gets a function literal of its own, so that the engine can inline it by itself. */
function wrapper(name: SyscallName): string {
  return `    ${name}(a, b, c, d, e, f) {
      syscalls.isRunning = true;
      try {
        return syscalls.${name}(a, b, c, d, e, f);
      } catch (error) {
        throw syscalls.thrown(error);
      } finally {
        syscalls.isRunning = false;
      }
    },`;
}
