import { expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import { loadModule } from './load.ts';
import { bundleOf, moduleOf, TestDatabase } from './support.fixture.ts';

const head = `
import { schema, t, table, SenderError } from 'spacetimedb/server';
const s = schema({ thing: table({}, { id: t.u64().primaryKey(), label: t.string() }) });
export default s;
`;

const probe = (body: string): string => `${head}
export const probe = s.reducer(ctx => { ${body} });
`;

/** What a reducer with this body writes to the console. */
async function says(body: string): Promise<string[]> {
  const db = await TestDatabase.open(probe(body));
  db.instance.guard(10_000, () => db.run('probe'));
  return db.lines;
}

test('[MOD1] a module finds its own globals and none of the host’s', async () => {
  const [types] = await says(`
    console.log(['process', 'require', 'Buffer', 'fetch', 'setTimeout', 'setInterval', 'queueMicrotask', 'SharedArrayBuffer',
      'Atomics', 'WebAssembly', 'WeakRef', 'performance', 'structuredClone', 'crypto']
      .filter(name => typeof globalThis[name] !== 'undefined').join());
  `);
  expect(types).toBe('');
  expect(typeof globalThis.console.table).toBe('function');
});

test('[MOD1] no object in a module’s reach leads to the host’s globals', async () => {
  const lines = await says(`
    const seen = [];
    const reach = value => {
      try { return value.constructor.constructor('return typeof process')(); } catch (e) { return 'threw ' + e.name; }
    };
    const failure = fn => { try { fn(); } catch (e) { return e; } };
    const deep = fn => { let e; const dive = () => { try { dive(); } catch { try { fn(); } catch (x) { e ??= x; } } }; dive(); return e ?? {}; };
    const values = {
      ctx, db: ctx.db, sender: ctx.sender, table: ctx.db.thing, insert: ctx.db.thing.insert, iter: ctx.db.thing.iter(),
      encoder: new TextEncoder(), bytes: new TextEncoder().encode('x'.repeat(100)), decoder: new TextDecoder(),
      url: new URL('http://a/b?c=d'), params: new URL('http://a/?x=1').searchParams, console, log: console.log,
      badUrl: failure(() => new URL('nonsense')), badLabel: failure(() => new TextDecoder('latin1')),
      badInsert: failure(() => ctx.db.thing.insert({ id: 'x' })), deep: deep(() => new TextEncoder().encode('y'.repeat(100))),
      deepCount: deep(() => ctx.db.thing.count()), globalThis, error: new Error('x'), auth: ctx.senderAuth,
    };
    for (const [name, value] of Object.entries(values)) if (reach(value) === 'object') seen.push(name);
    console.log(seen.join());
  `);
  expect(lines).toEqual(['']);
});

test('[MOD1] stack frames do not lead to the host either', async () => {
  const lines = await says(`
    Error.prepareStackTrace = (error, frames) => frames;
    const frames = new Error().stack;
    const found = new Set();
    for (const frame of frames) for (const part of [frame.getThis(), frame.getFunction(), frame]) {
      try { found.add(part?.constructor.constructor('return typeof process')()); } catch (e) { found.add(e.name); }
    }
    delete Error.prepareStackTrace;
    console.log(frames.length > 3 && !found.has('object'));
  `);
  expect(lines).toEqual(['true']);
});

test('[MOD1] import() reaches nothing, also in code made from strings', async () => {
  const body = `
    const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
    const codes = ['return import("a")', 'return [...import("a")]', 'return import /* b */ ("a")', 'return import.meta'];
    const say = (make) => { try { make(); return 'made'; } catch (e) { return e.message; } };
    const refused = kinds.flatMap(({ constructor }) => codes.flatMap((code) => [say(() => new constructor(code)), say(() => constructor(code))]));
    refused.push(say(() => new Function('a = import("b")', 'return a')), say(() => (0, eval)('import("a")')));
    console.log([...new Set(refused)].join());
    const important = new Function('row', 'return row.import("x") + row.important (1)');
    console.log(important({ import: (x) => x, important: (x) => x }), eval('1 + 1'), eval(7), Function('return 3')());
    console.log(important instanceof Function, (async () => {}) instanceof Function, Function.name, Function.prototype === Object.getPrototypeOf(say));
  `;
  expect(await says(body.replaceAll('\n', ' '))).toEqual([
    'import() is not available in a module',
    'x1 2 7 3',
    'true true Function true',
  ]);
  await expect(
    loadModule(
      await bundleOf(
        `${head}\nawait import('node:' + 'fs').catch((e) => { throw new Error(e.constructor.constructor('return typeof process')()); });`,
      ),
    ),
  ).rejects.toThrow('Error: undefined');
});

test('[MOD2] randomness comes from ctx only, and is the same for the same time', async () => {
  const body = `
    try { Math.random(); } catch (e) { console.log(e.message); }
    console.log(ctx.random() + ' ' + ctx.random.integerInRange(1, 1000) + ' ' + ctx.newUuidV7());
  `;
  const [message, first] = await says(body);
  expect(message).toContain('use ctx.random()');
  expect((await says(body))[1]).toBe(first);
});

test('[MOD3] newer JavaScript than the host’s works', async () => {
  const lines = await says(`
    console.log(new Set([1]).isSubsetOf(new Set([1, 2])) + ' ' + [...new Set([1, 2]).union(new Set([3]))]);
    console.log([1, 2, 3, 4].values().filter(n => n % 2 === 0).map(n => n * 10).toArray().join());
    console.log([3, 4, 5].values().drop(1).take(1).reduce((a, b) => a + b) + ' ' + JSON.stringify(Object.groupBy([1, 2, 3], n => n % 2 ? 'odd' : 'even')));
    { using resource = { [Symbol.dispose]() { console.log('disposed'); } }; }
  `);
  expect(lines).toEqual(['true 1,2,3', '20,40', '4 {"odd":[1,3],"even":[2]}', 'disposed']);
});

test('[MOD3] URLs and text work', async () => {
  const lines = await says(`
    const url = new URL('../x?a=1&b=%20y#h', 'https://user:pw@example.com:8443/p/q');
    url.searchParams.append('c', 'ä&=');
    url.hash = '';
    console.log(url.href + ' ' + url.host + ' ' + url.searchParams.get('b') + ' ' + [...url.searchParams.keys()]);
    console.log(String(new URLSearchParams({ q: 'a b' })) + ' ' + URL.canParse('::') + ' ' + JSON.stringify(new URL('http://h')));
    console.log([...new TextEncoder().encode('é🍌')].join() + ' ' + new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 104, 105, 255])));
  `);
  expect(lines).toEqual([
    'https://user:pw@example.com:8443/x?a=1&b=+y&c=%C3%A4%26%3D example.com:8443  y a,b,c',
    'q=a+b false "http://h/"',
    '195,169,240,159,141,140 hi\ufffd',
  ]);
});

test('[MOD4] the console writes lines with level, place and time; timers write at the end', async () => {
  const db = await TestDatabase.open(`${head}
export const talk = s.reducer(ctx => {
  console.error('e', 1, { a: [1n] });
  console.warn('w');
  console.info('i');
  console.debug('d');
  console.trace('t');
  console.assert(false, 'asserted');
  console.time('span');
  console.timeEnd('span');
  console.timeEnd('span');
});`);
  db.run('talk');
  expect(db.logs.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'Error: e 1 { a: [ 1n ] }',
    'Warn: w',
    'Info: i',
    'Debug: d',
    'Trace: t',
    'Error: asserted',
    expect.stringMatching(/^Info: Timing span "span": [\d.]+ms$/),
    "Warn: Timer 'span' does not exist.",
  ]);
  expect(db.logs[0]).toEqual({
    level: 'Error',
    ts: db.timestampMicros,
    function: expect.any(String),
    filename: 'module.ts',
    lineNumber: 7,
    message: 'e 1 { a: [ 1n ] }',
  });
});

test('[MOD5] each module has a realm of its own, even two of the same bundle', async () => {
  const module = await moduleOf(
    probe(
      `globalThis.count = (globalThis.count ?? 0) + 1; Array.prototype.leak = 1; console.log(String(globalThis.count));`,
    ),
  );
  const [a, b] = [new TestDatabase(module), new TestDatabase(module)];
  for (const db of [a, a, b]) db.run('probe');
  expect(a.lines).toEqual(['1', '2']);
  expect(b.lines).toEqual(['1']);
  expect('leak' in []).toBe(false);
});

test('[MOD6] a mistake in a module’s source is told by file and line', async () => {
  await expect(bundleOf(`import { nothing } from './missing.ts';\nlet x = ;`)).rejects.toThrow(
    /module\.ts:2:9: Unexpected/,
  );
  await expect(bundle('no/such/file.ts')).rejects.toThrow('no/such/file.ts');
  await expect(bundleOf(`import { readFileSync } from 'node:fs';\nreadFileSync('x');`)).rejects.toThrow(
    /Could not resolve "node:fs": a module has nothing of Node/,
  );
});

test('[MOD7] what goes wrong while a module is loaded is told to the publisher', async () => {
  await expect(moduleOf(`export const x = 1;`)).rejects.toThrow('no default export that is a schema');
  await expect(moduleOf(`${head}\nexport const x = 1;`)).rejects.toThrow(
    'exporting something that is not a spacetime export',
  );
  await expect(moduleOf(`${head}\nfunction boom() { null.x; }\nboom();`)).rejects.toThrow(/boom \(module\.ts:6:/);
  await expect(loadModule(`import fs from 'node:fs'; export default fs;`)).rejects.toThrow(
    'The module imports "node:fs"',
  );
  await expect(loadModule('this is no module')).rejects.toThrow('module.js:1:6');
});

test('[MOD7] system calls while a module is loaded fail, except for the console', async () => {
  const module = await moduleOf(`
import * as sys from 'spacetime:sys@2.0';
${head}
let failure = '';
console.log('loading');
try { sys.datastore_table_row_count(1); } catch (e) { failure = e.message; }
export const probe = s.reducer(() => console.log(failure));
`);
  const db = new TestDatabase(module);
  db.run('probe');
  expect(db.lines.at(-1)).toBe('cannot call this function during module initialization');
});

test('[MOD8] a module that never finishes loading is ended', async () => {
  const text = await bundleOf(`${head}\nfor (;;) {}`);
  await expect(loadModule(text, { loadMsMax: 50 })).rejects.toThrow('loading it takes longer than 50 ms');
});

test('[MOD9] a module may await at its top level what is resolved by itself', async () => {
  const module = await moduleOf(`
import { console_log as log } from 'spacetime:sys@2.0';
import * as sys from 'spacetime:sys@2.1';
${head}
const one = await Promise.resolve(1);
let total = one;
for await (const value of [2, Promise.resolve(3)]) total += value;
export const probe = s.reducer(() => {
  log(2, \`
import { nothing } from "nowhere";
export { total };\`);
  console.log(total, typeof sys.datastore_clear);
});
const inner = async () => { await null; return () => null.x; };
const boom = await inner();
export const crash = s.reducer(() => boom());
`);
  const db = new TestDatabase(module);
  db.run('probe');
  expect(db.lines.slice(-2)).toEqual(['\nimport { nothing } from "nowhere";\nexport { total };', '6 function']);
  expect(db.call('crash').kind).toBe('failed');
  expect(db.lines.at(-1)).toMatch(/module\.ts:18:\d+/);
});

test.each([
  [
    'a promise that stays pending',
    'await new Promise(() => {});',
    /TypeError: its top level awaits something that never comes/,
  ],
  ['a promise that fails', "await Promise.reject(new RangeError('too far'));", /RangeError: too far/],
  ['an endless row of jobs', 'for (;;) await null;', /loading it takes longer than/],
])('[MOD9] %s keeps it from being published', async (_, code, message) => {
  const text = await bundleOf(`${head}\n${code}\nexport const probe = s.reducer(() => {});`);
  await expect(loadModule(text, { loadMsMax: 200 })).rejects.toThrow(message);
});
