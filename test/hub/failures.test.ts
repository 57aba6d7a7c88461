import { beforeEach, expect, it } from 'vitest';
import { joinLimb, type Mesh, type MeshClient, newTenant, startMesh, submit } from './mesh.ts';
import { cook, serve } from './recipes/kitchen.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'cook', { capacity: 4 });
});

const fails = () => ({ fails: 'no' });
const told = () =>
  mesh
    .rows('event')
    .filter(({ kind }) => kind === 'task.failed')
    .map(({ tenantId, subject, origin, depth, payload }) => ({
      tenantId,
      subject,
      origin,
      depth,
      ...JSON.parse(payload),
    }));

function activate(text: string): void {
  mesh.call(mesh.owner, 'saveRule', { tenantId: 1n, text });
  mesh.call(mesh.owner, 'activateRule', { ruleId: mesh.rows('rule').at(-1)?.id ?? 0n, version: 0 });
}

it('a task that is given up is told by an event of its tenant, one that is tried again or cancelled is not', () => {
  newTenant(mesh, 'other');
  const first = submit(mesh, { skill: 'reason', title: 'first' });
  limb.call('claimTask', { taskId: first });
  limb.call('failTask', { taskId: first, attempt: 1, error: 'later', isRetryable: true });
  const other = submit(mesh, { skill: 'nobody' });
  mesh.call(mesh.owner, 'cancelTask', { taskId: other });
  expect(told()).toEqual([]);
  const second = submit(mesh, { skill: 'reason', title: 'second' });
  serve(mesh, limb, fails);
  expect(told()).toEqual([
    {
      ...{ tenantId: 1n, subject: 'reason', origin: { tag: 'Task', value: second }, depth: 0 },
      ...{ task: `${second}`, skill: 'reason', title: 'second', state: 'failed', error: 'no', failures: 1 },
    },
  ]);
});

it('of a run it says which step it was, whatever its words', () => {
  const say = '€'.repeat(1500);
  cook(mesh, '\n  - { id: a, skill: reason, onFailure: continue }');
  serve(mesh, limb, () => ({ fails: say }));
  expect(told()).toMatchObject([{ run: '1', recipe: 'dish', step: 'a', error: expect.stringMatching(/^€+/) }]);
});

it.each([
  ['a task', 'submit: { skill: reason, title: again }'],
  ['a recipe', 'recipe: { name: dish }'],
])('a rule that answers failures by %s that fails too comes to an end', (_what, action) => {
  cook(mesh, '\n  - { id: a, skill: reason }');
  activate(`name: again\non: task.failed\nthen: [{ ${action} }]`);
  serve(mesh, limb, fails);
  expect(told().map(({ depth }) => depth)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
