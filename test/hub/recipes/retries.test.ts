import { beforeEach, describe, expect, it } from 'vitest';
import { Tables } from '../histories/promises/tables.ts';
import { checkUsage } from '../histories/promises/usage.ts';
import { joinLimb, joinMember, type Mesh, type MeshClient, newTenant, startMesh, submit } from '../mesh.ts';
import { type Cooking, cook, outputOf, runOf, save, serve, start, statesOf, stepAt, stepsOf } from './kitchen.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'cook', { capacity: 8 });
});

/** Says what it is given, and fails when that is one of `bad`. */
const failing =
  (...bad: string[]): Cooking =>
  ({ say }) =>
    bad.includes(String(say)) ? { fails: `no ${say}` } : { text: String(say), tokensIn: 1 };

const said = (cooking: Cooking = failing()) => serve(mesh, limb, cooking).map(({ say }) => say);
const retry = (runId: bigint, stepId = 0n, input = '') => mesh.call(mesh.owner, 'retryRun', { runId, stepId, input });

describe('a run inside of another', () => {
  const inner = `name: inner
steps:
  - { id: a, skill: reason, input: { say: a }, compensate: { skill: reason, input: { say: undo a } } }
  - { id: wait, wait: 1s }
  - { id: b, skill: reason, input: { say: "{{steps.a.text}}b" } }`;
  const outer = `
  - { id: sub, recipe: inner }
  - { id: end, skill: reason, input: { say: "{{steps.sub.value}}!" } }`;

  function innerRun(): bigint {
    const runs = mesh.rows('run').filter(({ parentStep }) => parentStep !== 0n);
    expect(runs).toHaveLength(1);
    return runs[0]?.id ?? 0n;
  }

  function pass(): void {
    mesh.advance(1000);
    limb.call('pong');
  }

  it('is gone on with where it failed when the outer one is taken up again, and its costs count once', () => {
    save(mesh, inner.replace(/, compensate.*}/, ' }'));
    const id = cook(mesh, outer);
    said();
    pass();
    expect(said(failing('ab'))).toEqual(['ab']);
    expect(runOf(mesh, id).error).toMatch(/^step sub: run \d+: step b: no ab$/);
    retry(id);
    expect(said()).toEqual(['ab', 'ab!']);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, tokensIn: 3n });
    expect(runOf(mesh, innerRun())).toMatchObject({ state: { tag: 'Done' }, tokensIn: 2n, retries: 1 });
    expect(stepAt(mesh, id, 'sub').tokensIn).toBe(2n);
  });

  it('counts what its step came to once, however often it is taken up again', () => {
    save(mesh, 'name: inner\nsteps: [{ id: end, output: 1 }]');
    const id = cook(mesh, '\n  - { id: sub, recipe: inner }');
    const run = innerRun();
    for (let i = 0; i < 3; i++) retry(run, stepAt(mesh, run, 'end').id);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, retries: 3 });
    checkUsage(new Tables(mesh));
  });

  it('that is cut off by the end of the outer one is ended with its step, which does nothing instead', () => {
    save(mesh, inner);
    const id = cook(
      mesh,
      `
  - id: both
    parallel:
      - [{ id: sub, recipe: inner, onFailure: [{ id: instead, skill: reason, input: { say: instead } }] }]
      - [{ id: bad, wait: 1s }, { id: fails, skill: reason, input: { say: bad } }]`,
    );
    expect(said()).toEqual(['a']);
    mesh.call(mesh.owner, 'pauseRun', { runId: innerRun() });
    pass();
    expect(said(failing('bad'))).toEqual(['bad']);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Failed' } });
    expect(runOf(mesh, innerRun()).state.tag).toBe('Cancelled');
    const { endedCount, stepCount } = runOf(mesh, id);
    expect(endedCount).toBe(stepCount);
    expect(stepAt(mesh, id, 'both[0].sub')).toMatchObject({ state: { tag: 'Cancelled' }, tokensIn: 1n });
    expect(statesOf(mesh, id)).not.toHaveProperty('both[0].sub.instead');
  });

  it('that has no time left fails its step once, with that reason', () => {
    save(mesh, inner);
    const id = cook(mesh, '\n  - { id: sub, recipe: inner, timeout: 2s }');
    said();
    pass();
    mesh.call(mesh.owner, 'pauseRun', { runId: innerRun() });
    pass();
    const { endedCount, stepCount, error } = runOf(mesh, id);
    expect([endedCount, stepCount, error]).toEqual([1, 1, 'step sub: it did not end within 2000 ms']);
  });

  it('that was cut off by the end of the outer one is gone on with as well', () => {
    save(mesh, inner);
    const id = cook(mesh, outer);
    said();
    mesh.call(mesh.owner, 'cancelRun', { runId: id });
    retry(id);
    pass();
    expect(said()).toEqual(['ab', 'ab!']);
    expect(outputOf(mesh, id)).toBe('ab!');
  });

  it('does what was undone in it again', () => {
    save(mesh, inner);
    const id = cook(mesh, outer);
    said();
    pass();
    expect(said(failing('ab'))).toEqual(['ab', 'undo a']);
    retry(id);
    expect(said()).toEqual(['a']);
    pass();
    expect(said()).toEqual(['ab', 'ab!']);
  });

  it('can be taken up from any step with another input, and the outer one goes on with it', async () => {
    save(mesh, inner);
    const id = cook(mesh, outer);
    said();
    pass();
    said();
    expect(outputOf(mesh, id)).toBe('ab!');
    const run = innerRun();
    const args = { runId: run, stepId: stepAt(mesh, run, 'b').id };
    expect(await mesh.callProcedure(mesh.owner, 'foreseeRetry', args)).toEqual({
      again: [
        { path: 'b', state: { tag: 'Done' } },
        { path: `run ${id}: end`, state: { tag: 'Done' } },
      ],
      ...{ againCount: 2, keptCount: 2 },
    });
    const stranger = joinMember(mesh, 'vera', { role: 'Viewer' });
    await expect(mesh.callProcedure(stranger, 'foreseeRetry', args)).rejects.toThrow('forbidden: ');
    await expect(mesh.callProcedure(newTenant(mesh, 'other').owner, 'foreseeRetry', args)).rejects.toThrow(
      'no-such-run',
    );
    retry(run, stepAt(mesh, run, 'b').id, '{"say":"B"}');
    expect(runOf(mesh, id).state.tag).toBe('Running');
    expect(said()).toEqual(['B', 'B!']);
    expect(outputOf(mesh, id)).toBe('B!');
    expect(runOf(mesh, id)).toMatchObject({ stepCount: 3, endedCount: 3, tokensIn: 5n });
  });

  it('is undone once, after it went on', () => {
    const undo = ', compensate: { skill: reason, input: { say: "undo {{steps.sub.value}}" } } }';
    save(mesh, inner.replace(/, compensate.*}/, ' }'));
    const id = cook(mesh, outer.replace(' }', undo));
    said();
    pass();
    said();
    const run = innerRun();
    retry(run, stepAt(mesh, run, 'b').id, '{"say":"B"}');
    expect(said(failing('B!'))).toEqual(['B', 'B!', 'undo B']);
    expect(runOf(mesh, id).state.tag).toBe('Failed');
    expect(() => retry(run, stepAt(mesh, run, 'b').id)).toThrow(/^part-of-a-run: .* which has undone it; start inner/);
  });

  it('is not taken up by itself while the outer one goes on', () => {
    save(mesh, inner);
    const id = cook(mesh, `\n  - { id: sub, recipe: inner, onFailure: continue }\n  - { id: pause, wait: 1h }`);
    said(failing('a'));
    expect(() => retry(innerRun())).toThrow(`not-ended: run ${id} is running; cancel it first`);
    expect(runOf(mesh, innerRun()).state.tag).toBe('Failed');
  });
});

describe('an input that was changed', () => {
  const steps = `
  - { id: a, skill: reason, input: { say: a } }
  - { id: b, skill: reason, input: { say: "{{steps.a.text}}b" } }`;

  it('is given when there is room at last', () => {
    const id = cook(mesh, steps);
    said();
    const quotas = { tenantId: 1n, rowsMax: 0n, bytesMax: 0n };
    mesh.call(mesh.owner, 'setQuotas', { ...quotas, unfinishedTasksMax: 1 });
    const other = submit(mesh, { skill: 'other' });
    retry(id, stepAt(mesh, id, 'b').id, '{"say":"B"}');
    expect(stepAt(mesh, id, 'b').state.tag).toBe('Waiting');
    mesh.call(mesh.owner, 'cancelTask', { taskId: other });
    mesh.advance(11_000);
    limb.call('pong');
    expect(said()).toEqual(['B']);
  });

  it('stays while its step is tried again, until what comes before is done anew', () => {
    const id = cook(mesh, steps);
    said();
    retry(id, stepAt(mesh, id, 'b').id, '{"say":"B"}');
    said(failing('B'));
    retry(id);
    expect(said()).toEqual(['B']);
    retry(id, stepAt(mesh, id, 'a').id);
    expect(said()).toEqual(['a', 'ab']);
    expect(mesh.rows('givenInput')).toEqual([]);
  });
});

it('what was replayed is undone with what it had come to itself, the newest first', () => {
  const id = cook(
    mesh,
    `
  - { id: a, skill: reason, input: { say: one } }
  - id: each
    map: 1
    steps:
      - { id: b, skill: reason, input: { say: "b {{steps.a.text}}" }, compensate: { skill: reason, input: { say: "undo {{steps.b.text}} of {{steps.a.text}}" } } }
  - { id: last, skill: reason, input: { say: last } }`,
  );
  said();
  retry(id, stepAt(mesh, id, 'a').id, '{"say":"two"}');
  expect(said(failing('last'))).toEqual(['two', 'b two', 'last', 'undo b two of two', 'undo b one of one']);
});

it('what was done inside of a step that is done anew counts no more', () => {
  const id = cook(
    mesh,
    '\n  - { id: each, map: 2, steps: [{ id: a, loop: 1, steps: [{ id: b, skill: reason, input: { say: "{{item}}" } }] }] }',
  );
  said();
  const old = stepAt(mesh, id, 'each[0].a[0].b').id;
  retry(id, stepAt(mesh, id, 'each').id, '1');
  said();
  expect([...stepsOf(mesh, id).keys()]).toEqual(['each', 'each[0].a', 'each[0].a[0].b']);
  expect(() => retry(id, old)).toThrow('no-such-step: ');
});

it('a run is not taken up while what was under way in it is still being ended', () => {
  const id = cook(mesh, '\n  - { id: each, map: 500, limit: 500, steps: [{ id: a, wait: 1h }] }');
  mesh.advance(100);
  expect(stepAt(mesh, id, 'each').opened).toBe(500);
  mesh.call(mesh.owner, 'cancelRun', { runId: id });
  expect(() => retry(id)).toThrow(`still-ending: what was under way in run ${id}`);
  mesh.advance(100);
  retry(id);
  mesh.advance(100);
  mesh.advance(3_600_000);
  mesh.advance(1_000);
  expect(runOf(mesh, id).state.tag).toBe('Done');
});

it('a reference that somebody has used keeps no step from running its recipe', () => {
  save(mesh, 'name: inner\nsteps: [{ id: end, output: 1 }]');
  const first = start(mesh, 'inner');
  const next = Math.max(...mesh.rows('step').map(({ id }) => Number(id))) + 2;
  const args = { tenantId: 1n, recipe: 'inner', payload: '{}', reference: `step ${next}` };
  mesh.call(mesh.owner, 'startRecipe', args);
  expect(runOf(mesh, first).state.tag).toBe('Done');
  const id = cook(mesh, '\n  - { id: sub, recipe: inner }');
  expect(statesOf(mesh, id)).toEqual({ sub: 'Done' });
  expect(stepAt(mesh, id, 'sub').id).toBe(BigInt(next));
});
