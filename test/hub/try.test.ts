import { expect, it } from 'vitest';
import { createTestHub } from '../../engine/testing/index.ts';

const url = new URL('../../hub/index.ts', import.meta.url);
it('works', async () => {
  let t = performance.now();
  const lap = (n: string) => {
    console.log(n, (performance.now() - t).toFixed(1));
    t = performance.now();
  };
  const hub = await createTestHub<typeof import('../../hub/index.ts')>(url);
  lap('first');
  for (let i = 0; i < 5; i++) {
    await createTestHub<typeof import('../../hub/index.ts')>(url);
    lap('next');
  }
  const submit = { tenantId: 1n, skill: 'reason', title: 'What?', input: '{}', reference: 'r', target: undefined };
  const c = hub.connect(hub.owner);
  const r = c.subscribe('SELECT * FROM tasks');
  lap('c');
  hub.call(hub.owner, 'submitTask', submit);
  lap('call');
  console.log(hub.rows('task'), r.rows('tasks')[0]?.state.tag, r.deltas);
  t = performance.now();
  for (let i = 0; i < 500; i++) hub.call(hub.owner, 'submitTask', { ...submit, reference: `r${i}` });
  lap('500 calls');
  for (let i = 0; i < 500; i++) c.call('submitTask', { ...submit, reference: `x${i}` });
  lap('500 client calls');
  const mark = await hub.snapshot();
  lap('snap');
  hub.advance(60_000 * 60);
  lap('1h');
  await hub.rewind(mark);
  lap('rewind');
  expect(r.rows('tasks').length).toBe(1001);
  await hub.crash();
  lap('crash');
  expect(hub.rows('task').length).toBe(1001);
  try {
    hub.call(hub.owner, 'cancelTask', { taskId: 4 as unknown as bigint });
  } catch (e) {
    console.log(String(e));
  }
  try {
    hub.call(hub.owner, 'cancelTask', { taskId: 40000n });
  } catch (e) {
    console.log(e);
  }
  // @ts-expect-error no such
  try {
    hub.call(hub.owner, 'nix', { taskId: 4 });
  } catch (e) {
    console.log(String(e));
  }
  // @ts-expect-error no such
  try {
    hub.rows('nix');
  } catch (e) {
    console.log(String(e));
  }
});
