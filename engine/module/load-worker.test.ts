import { expect, test } from 'vitest';
import { compile } from './compile.ts';
import { selfDescription } from './load.ts';
import { evaluateInThread } from './load-worker.ts';
import { bundleOf } from './support.fixture.ts';

const head = `
import { schema, t, table } from 'spacetimedb/server';
const s = schema({ note: table({ public: true }, { id: t.u64().primaryKey(), text: t.string() }) });
export default s;
`;
const loadMsMax = 60_000;

test('[MOD8] a module says the same of itself in a thread of its own as in this one', async () => {
  const compiled = await compile(await bundleOf(head));
  expect(Buffer.from(await evaluateInThread(compiled, loadMsMax)).toString('hex')).toBe(
    Buffer.from(selfDescription(compiled, loadMsMax)).toString('hex'),
  );
});

test.each([
  ['throws', "throw new Error('no thanks');", loadMsMax, 'it fails while it is loaded: Error: no thanks'],
  ['never ends', 'for (;;);', 100, 'loading it takes longer than 100 ms'],
  [
    'takes all memory',
    'const all = []; for (;;) all.push(new Array(100_000));',
    loadMsMax,
    'loading it needs more than 512 MB of memory',
  ],
])('[MOD8] a module that %s while it is loaded is refused by the thread, which ends', async (_, code, limitMs, why) => {
  const compiled = await compile(await bundleOf(`${head}\n${code}`));
  await expect(evaluateInThread(compiled, limitMs)).rejects.toThrow(`This module cannot be published: ${why}`);
});

test('[MOD8] what a module throws is looked into within its time', async () => {
  const compiled = await compile(`
    const hooks = Object.fromEntries(['__get_error_constructor__', '__call_reducer__', '__call_view__',
      '__call_view_anon__', '__call_procedure__'].map((name) => [name, () => {}]));
    import { moduleHooks } from 'spacetime:sys@2.0';
    export default { [moduleHooks]: () => ({ ...hooks, __sender_error_class__: Error,
      __describe_module__() { throw { get stack() { for (;;); } }; } }) };
  `);
  expect(() => selfDescription(compiled, 100)).toThrow('loading it takes longer than 100 ms');
});
