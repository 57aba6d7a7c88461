import { type Context, constants, createContext, Script } from 'node:vm';
import { type CompiledModule, type Places, placesOf } from './compiled.ts';
import { TimeLimit, withTimeLimit } from './guard.ts';
import { platform } from './platform.ts';
import { polyfillSource } from './polyfills.ts';
import { preludeSource } from './prelude.ts';
import { PublishRejection } from './rejection.ts';
import { type SyscallName, syscallNames } from './syscall-names.ts';
import type { Progress } from './top-level-await.ts';

/** The functions that a module hands to its host. */
export interface Hooks {
  __describe_module__(): Uint8Array;
  __get_error_constructor__(code: number): new (message: string) => Error;
  readonly __sender_error_class__: new (message: string) => Error;
  __call_reducer__(id: number, sender: bigint, connectionId: bigint, timestampMicros: bigint, args: DataView): unknown;
  __call_view__(id: number, sender: bigint, args: Uint8Array): unknown;
  __call_view_anon__(id: number, args: Uint8Array): unknown;
  __call_procedure__(
    id: number,
    sender: bigint,
    connectionId: bigint,
    timestampMicros: bigint,
    args: Uint8Array,
  ): unknown;
  __call_http_handler__?(id: number, timestampMicros: bigint, request: Uint8Array, body: Uint8Array): unknown;
}

const requiredHooks = [
  ...(['__describe_module__', '__get_error_constructor__', '__sender_error_class__', '__call_reducer__'] as const),
  ...(['__call_view__', '__call_view_anon__', '__call_procedure__'] as const),
];

/** What answers a realm's system calls. Arguments come from the module: of any type, and not to be trusted. */
export type SyscallTable = Record<SyscallName, (...args: never[]) => unknown> & {
  /** True while a system call is being answered, also when the thread was taken out of it. */
  isRunning: boolean;
  /** Turns what a system call threw into what the module is to catch, made of the realm's own classes. */
  thrown(error: unknown): unknown;
};

/** The constructors of a realm: only objects made by these may be handed to its module. */
export interface Intrinsics {
  readonly Array: ArrayConstructor;
  readonly ArrayBuffer: ArrayBufferConstructor;
  readonly DataView: DataViewConstructor;
  readonly Error: ErrorConstructor;
  readonly Object: ObjectConstructor;
  readonly RangeError: RangeErrorConstructor;
  readonly TypeError: TypeErrorConstructor;
  readonly Uint8Array: Uint8ArrayConstructor;
}

const prelude = new Script(preludeSource(syscallNames), { filename: 'prelude.js' });
const polyfills = new Script(polyfillSource, { filename: 'polyfills.js' });
const drain = new Script('', { filename: 'drain.js' });
const head = '(function (module, exports, require) {';

/**
 * A module evaluated among globals of its own: no process, no timers, no network, no randomness.
 * Realms keep modules from each other's and the host's objects. They are no jail for code that is out to attack
 * the JavaScript engine itself.
 */
export class Realm {
  readonly hooks: Hooks;
  readonly intrinsics: Intrinsics;
  readonly places: Places;

  /**
   * Evaluates the module, which may call the system meanwhile.
   * @throws PublishRejection when it throws, is not a module, or takes longer than `limitMs`
   */
  constructor(compiled: CompiledModule, syscalls: SyscallTable, limitMs: number) {
    this.places = placesOf(compiled);
    // The module's promise jobs wait in a queue of its own: between calls none of its code can run.
    const context = createContext(constants.DONT_CONTEXTIFY, {
      // The package compiles its codecs from strings; what they make still lives in this realm.
      codeGeneration: { strings: true, wasm: false },
      microtaskMode: 'afterEvaluate',
    });
    polyfills.runInContext(context);
    this.intrinsics = context as unknown as Intrinsics;
    const system = (prelude.runInContext(context) as Prelude)(platform, syscalls);
    this.hooks = inTime(limitMs, () => this.#evaluate(compiled, context, system));
  }

  #evaluate(compiled: CompiledModule, context: Context, system: System): Hooks {
    const { module } = system;
    try {
      const body = new Script(`${head}${compiled.code}\n})`, { filename: 'module.js', columnOffset: -head.length });
      (body.runInContext(context) as ModuleBody)(module, module.exports, system.require);
      drain.runInContext(context);
      requireEnded(module);
      return hooksOf(module.exports, system.moduleHooks);
    } catch (error) {
      if (error instanceof PublishRejection) throw error;
      throw new PublishRejection([`it fails while it is loaded: ${this.stackOf(error)}`]);
    }
  }

  /** An error of the module with its stack trace in terms of the author's files. */
  stackOf(error: unknown): string {
    return this.places.translate(textOf(error, 'stack'));
  }

  /** Whether the module threw its own SenderError, whose message is for the caller. */
  isSenderError(error: unknown): error is { readonly message: string } {
    return error instanceof this.hooks.__sender_error_class__;
  }
}

/** The message or stack of anything that a module can throw; never throws itself. */
export function textOf(error: unknown, part: 'message' | 'stack'): string {
  try {
    if (typeof error !== 'object' || error === null) return String(error);
    const text = (error as Record<string, unknown>)[part] ?? (error as Record<string, unknown>)['message'];
    return typeof text === 'string' ? text : 'The module threw something that is no Error.';
  } catch {
    return 'The module threw something that cannot be shown.';
  }
}

/** Runs a part of loading a module. @throws PublishRejection when it takes longer than `limitMs` */
export function inTime<T>(limitMs: number, load: () => T): T {
  try {
    return withTimeLimit(limitMs, load);
  } catch (error) {
    if (error instanceof TimeLimit) throw new PublishRejection([`loading it takes longer than ${limitMs} ms`]);
    throw error;
  }
}

type Prelude = (host: typeof platform, syscalls: SyscallTable) => System;
type ModuleBody = (module: object, exports: object, require: System['require']) => void;

interface System {
  readonly moduleHooks: symbol;
  readonly module: {
    readonly exports: Record<PropertyKey, unknown>;
    readonly progress?: Progress;
    readonly error?: unknown;
  };
  readonly require: (name: string) => object;
}

/** Whatever a module awaits at its top level must have come by now: nothing outside of it can wake it. */
function requireEnded(module: System['module']): void {
  if (module.progress === 'failed') throw module.error;
  if (module.progress !== 'waiting') return;
  throw new PublishRejection([
    'it fails while it is loaded: TypeError: its top level awaits something that never comes; ' +
      'a module has no timers and no network, so await only what is resolved by itself',
  ]);
}

function hooksOf(exports: Record<PropertyKey, unknown>, moduleHooks: symbol): Hooks {
  const schema = exports['default'] as Record<symbol, unknown> | undefined;
  const makeHooks = schema?.[moduleHooks];
  if (typeof makeHooks !== 'function') {
    throw new PublishRejection(['it has no default export that is a schema: write `export default schema({ … })`']);
  }
  const hooks = makeHooks.call(schema, exports) as Record<string, unknown> | undefined;
  const missing = requiredHooks.find((name) => typeof hooks?.[name] !== 'function');
  if (missing !== undefined) throw new PublishRejection([`its schema does not answer ${missing}`]);
  return hooks as unknown as Hooks;
}
