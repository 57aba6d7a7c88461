import { expect, it } from 'vitest';
import { joinLimb, startMesh } from '../mesh.ts';
import { outputOf, runOf, save, serve, start } from './kitchen.ts';

// HELIX_RUN_STEPS says how many steps the long run has.
const stepCount = Number(process.env['HELIX_RUN_STEPS'] ?? 5_000);

it('a run of very many steps passes, in transactions of bounded size', { timeout: 600_000 }, async () => {
  const mesh = await startMesh({ callMsMax: 1_000 });
  save(mesh, `name: long\nsteps: [{ id: again, loop: ${stepCount - 1}, steps: [{ id: a, output: "{{round}}" }] }]`);
  const id = start(mesh, 'long');
  while (runOf(mesh, id).state.tag === 'Running') mesh.advance(10_000);
  expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, stepCount, endedCount: stepCount });
  expect(outputOf(mesh, id)).toBe(stepCount - 1);
});

it('a hub that loses power in the middle of 100 runs goes on with each', async () => {
  const mesh = await startMesh();
  let limb = joinLimb(mesh, 'cook', { capacity: 16 });
  save(
    mesh,
    `name: dish
steps:
  - { id: a, skill: reason, input: { say: a } }
  - { id: pause, wait: 5s }
  - { id: b, skill: reason, input: { say: "{{steps.a.text}}b" } }
  - { id: end, output: "{{steps.b.text}}" }`,
  );
  const ids = Array.from({ length: 100 }, () => start(mesh, 'dish'));
  const offers = mesh.rows('offer').slice(0, 8);
  for (const { taskId } of offers) limb.call('claimTask', { taskId });
  await mesh.settle();
  await mesh.crash();
  limb = joinLimb(mesh, 'second cook', { capacity: 16 });
  serve(mesh, limb);
  await mesh.settle();
  await mesh.crash();
  limb = joinLimb(mesh, 'third cook', { capacity: 16 });
  for (let second = 0; second < 60 && ids.some((id) => outputOf(mesh, id) === undefined); second++) {
    mesh.advance(1000);
    limb.call('pong');
    serve(mesh, limb);
  }
  expect(ids.map((id) => outputOf(mesh, id))).toEqual(ids.map(() => 'ab'));
  expect(mesh.rows('summary')).toHaveLength(200);
});
