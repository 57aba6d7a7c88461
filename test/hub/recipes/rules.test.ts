import { expect, it } from 'vitest';
import { startMesh } from '../mesh.ts';
import { outputOf, save } from './kitchen.ts';

it('a rule starts a recipe with what the event brings, as the work of who activated it, in the same transaction', async () => {
  const mesh = await startMesh();
  save(mesh, 'name: greet\nsteps: [{ id: end, output: "{{trigger.kind}}: {{trigger.payload.name}}" }]');
  const text = 'name: greeting\non: door.opened\nthen: [{ recipe: { name: greet } }, { recipe: { name: missing } }]';
  mesh.call(mesh.owner, 'saveRule', { tenantId: 1n, text });
  mesh.call(mesh.owner, 'activateRule', { ruleId: mesh.rows('rule')[0]?.id ?? 0n, version: 0 });
  mesh.call(mesh.owner, 'emit', {
    ...{ tenantId: 1n, kind: 'door.opened', source: 'door', subject: '' },
    ...{ payload: '{"name":"Ada"}', dedupeKey: '', dedupeMs: 0 },
  });
  const [run] = mesh.rows('run');
  expect(run?.startedBy.isEqual(mesh.owner)).toBe(true);
  expect(outputOf(mesh, run?.id ?? 0n)).toBe('door.opened: Ada');
  expect(mesh.rows('firing')[0]?.deeds).toEqual([
    { tag: 'Started', value: run?.id },
    { tag: 'Failed', value: expect.stringMatching(/^no-such-recipe: /) },
  ]);
});
