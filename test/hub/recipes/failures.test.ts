import { beforeEach, describe, expect, it } from 'vitest';
import { joinLimb, type Mesh, type MeshClient, newTenant, startMesh } from '../mesh.ts';
import { type Cooking, cook, outputOf, runOf, save, serve, start, statesOf, stepAt } from './kitchen.ts';

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

const retry = (runId: bigint, stepId = 0n, input = '') => mesh.call(mesh.owner, 'retryRun', { runId, stepId, input });

describe('a step that fails', () => {
  it('fails its run, and ends what goes on beside it', () => {
    const id = cook(
      mesh,
      `
  - { id: a, skill: reason, input: { say: a }, after: [] }
  - { id: slow, wait: 1h, after: [] }
  - { id: c, output: 1, after: [a, slow] }`,
    );
    serve(mesh, limb, failing('a'));
    expect(statesOf(mesh, id)).toEqual({ a: 'Failed', slow: 'Cancelled' });
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Failed' }, error: 'step a: no a' });
    expect([mesh.rows('stepClock'), mesh.rows('stepTask')]).toEqual([[], []]);
  });

  it('may be passed over, or have other steps done instead', () => {
    const id = cook(
      mesh,
      `
  - { id: a, skill: reason, input: { say: a }, onFailure: continue }
  - id: b
    skill: reason
    input: { say: b }
    onFailure:
      - { id: instead, output: "{{failure.error}} at {{failure.step}}" }
  - { id: end, output: { a: "{{steps.a.error}}", b: "{{steps.b.recovery}}", did: "{{steps.b.failed}}" } }`,
    );
    serve(mesh, limb, failing('a', 'b'));
    expect(outputOf(mesh, id)).toEqual({ a: 'no a', b: 'no b at b', did: true });
  });

  it('deep inside fails what it is in, up to where it is caught', () => {
    const id = cook(
      mesh,
      `
  - id: each
    map: ["x", "y"]
    onFailure: continue
    steps:
      - id: both
        parallel:
          - [{ id: work, skill: reason, input: { say: "{{item}}" } }]
          - [{ id: rest, wait: 1h }]
  - { id: end, output: "{{steps.each.error}}" }`,
    );
    serve(mesh, limb, failing('y'));
    expect(outputOf(mesh, id)).toBe('step each[1].both[0].work: no y');
    expect(statesOf(mesh, id)).toMatchObject({ 'each[0].both': 'Cancelled', 'each[0].both[1].rest': 'Cancelled' });
  });

  it('is given up after its time, and its task with it', () => {
    const id = cook(mesh, '\n  - { id: a, skill: nobody, timeout: 1m }');
    mesh.advance(61_000);
    expect(runOf(mesh, id).error).toBe('step a: it did not end within 60000 ms');
    expect(mesh.rows('task')).toMatchObject([{ state: { tag: 'Cancelled' } }]);
  });
});

describe('compensations', () => {
  const steps = `
  - { id: a, skill: reason, input: { say: a }, compensate: { skill: reason, input: { say: "undo {{steps.a.text}}" } } }
  - id: each
    map: 2
    limit: 1
    steps:
      - id: part
        skill: reason
        input: { say: "part {{item}}" }
        compensate: { skill: reason, input: { say: "undo part {{item}}" } }
  - { id: last, skill: reason, input: { say: last } }`;

  it('are done in reverse order when the run fails, and the run fails then', () => {
    const id = cook(mesh, steps);
    const done = serve(mesh, limb, failing('last'));
    expect(done.map(({ say }) => say)).toEqual([
      'a',
      'part 0',
      'part 1',
      'last',
      'undo part 1',
      'undo part 0',
      'undo a',
    ]);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Failed' }, error: 'step last: no last', undoHead: 0n });
    expect(statesOf(mesh, id)).toMatchObject({ a: 'Undone', each: 'Undone', 'each[1].part (undo)': 'Done' });
  });

  it('that fail are told, and the others are done all the same', () => {
    const id = cook(mesh, steps);
    serve(mesh, limb, failing('last', 'undo part 0'));
    expect(runOf(mesh, id).error).toBe('step last: no last; each[0].part (undo) failed too: no undo part 0');
    expect(statesOf(mesh, id)).toMatchObject({ a: 'Undone', 'each[0].part': 'Done' });
  });

  it('make a retry do what was undone again', () => {
    const id = cook(mesh, steps);
    serve(mesh, limb, failing('last'));
    retry(id);
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['a', 'part 0', 'part 1', 'last']);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, error: '', retries: 1 });
  });

  const inside = (kind: string) => `
  - id: each
    ${kind}
    steps:
      - { id: first, skill: reason, input: { say: first } }
      - { id: part, skill: reason, input: { say: part }, compensate: { skill: reason, input: { say: undo } } }
      - { id: rest, skill: reason, input: { say: rest } }`;
  /** The second `rest` fails. */
  const breaking = (): Cooking => {
    let rests = 0;
    return ({ say }) => (say === 'rest' && ++rests === 2 ? { fails: 'no' } : { text: String(say) });
  };

  it('make a retry do again what was undone in items that had ended, no more of them at once than the limit', () => {
    const id = cook(mesh, inside('map: 3\n    limit: 1'));
    serve(mesh, limb, breaking());
    expect(statesOf(mesh, id)).toMatchObject({ 'each[0].part': 'Undone', 'each[1].part': 'Undone' });
    retry(id);
    expect(mesh.rows('offer')).toHaveLength(1);
    const said = serve(mesh, limb, failing()).map(({ say }) => say);
    expect(said).toEqual(['part', 'rest', 'part', 'rest', 'first', 'part', 'rest']);
    expect(runOf(mesh, id).state.tag).toBe('Done');
  });

  it('make a retry do a round again in which something was undone, and the rounds after it', () => {
    const id = cook(mesh, inside('loop: 3'));
    serve(mesh, limb, breaking());
    retry(id);
    const said = serve(mesh, limb, failing()).map(({ say }) => say);
    expect(said).toEqual(['part', 'rest', 'first', 'part', 'rest', 'first', 'part', 'rest']);
    expect(runOf(mesh, id).state.tag).toBe('Done');
  });

  it('make a retry try again what was passed over, if something that was done instead was undone', () => {
    const undo = 'compensate: { skill: reason, input: { say: undo } }';
    const id = cook(
      mesh,
      `
  - id: a
    skill: reason
    input: { say: a }
    onFailure: [{ id: instead, skill: reason, input: { say: instead }, ${undo} }]
  - { id: last, skill: reason, input: { say: last } }`,
    );
    serve(mesh, limb, failing('a', 'last'));
    retry(id);
    expect(serve(mesh, limb, failing('a')).map(({ say }) => say)).toEqual(['a', 'instead', 'last']);
    expect(runOf(mesh, id).state.tag).toBe('Done');
  });
});

describe('a retry', () => {
  const steps = `
  - { id: a, skill: reason, input: { say: a }, after: [] }
  - { id: b, skill: reason, input: { say: b }, after: [] }
  - { id: c, skill: reason, input: { say: "{{steps.b.text}}c" }, after: b }
  - { id: d, skill: reason, input: { say: "{{steps.a.text}}{{steps.c.text}}d" }, after: [a, c] }`;

  it('from where it failed does nothing again that had ended', () => {
    const id = cook(mesh, steps);
    serve(mesh, limb, failing('abcd'));
    expect(runOf(mesh, id).state.tag).toBe('Failed');
    retry(id);
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['abcd']);
    expect(outputOf(mesh, id)).toBe('abcd');
    expect(runOf(mesh, id)).toMatchObject({ tokensIn: 4n, stepCount: 5, endedCount: 5 });
  });

  it('from a step with another input does just that and what comes after it', async () => {
    const id = cook(mesh, steps);
    serve(mesh, limb, failing());
    await mesh.settle();
    await mesh.crash();
    limb = joinLimb(mesh, 'second cook', { capacity: 8 });
    retry(id, stepAt(mesh, id, 'b').id, '{"say":"B"}');
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['B', 'Bc', 'aBcd']);
    expect(outputOf(mesh, id)).toBe('aBcd');
  });

  it('from inside of a map goes on with the other items as they were', () => {
    const id = cook(
      mesh,
      `
  - id: each
    map: ["x", "y", "z"]
    limit: 1
    steps:
      - { id: work, skill: reason, input: { say: "{{item}}" } }
      - { id: more, skill: reason, input: { say: "{{steps.work.text}}!" } }
  - { id: end, output: "{{steps.each.results}}" }`,
    );
    serve(mesh, limb, failing('y!'));
    expect(runOf(mesh, id).error).toBe('step each[1].more: no y!');
    retry(id);
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['y!', 'z', 'z!']);
    expect(outputOf(mesh, id)).toEqual(['x!', 'y!', 'z!']);
    retry(id, stepAt(mesh, id, 'each[0].work').id, '{"say":"X"}');
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['X', 'X!']);
    expect(outputOf(mesh, id)).toEqual(['X!', 'y!', 'z!']);
  });

  it('from inside of an item does all that comes after it there', () => {
    const id = cook(
      mesh,
      `
  - id: each
    map: 1
    steps:
      - { id: a, output: 1 }
      - { id: b, output: 2 }
      - { id: c, parallel: [[{ id: d, output: 3 }, { id: e, skill: reason, input: { say: e } }]] }`,
    );
    serve(mesh, limb, failing());
    retry(id, stepAt(mesh, id, 'each[0].a').id);
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['e']);
    expect(runOf(mesh, id).state.tag).toBe('Done');
  });

  it('from inside of a round does the later rounds anew too', () => {
    const id = cook(
      mesh,
      '\n  - { id: each, loop: 3, steps: [{ id: a, skill: reason, input: { say: "{{round}}" } }] }',
    );
    serve(mesh, limb, failing());
    retry(id, stepAt(mesh, id, 'each[1].a').id, '{"say":"second"}');
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual(['second', 3]);
    expect(runOf(mesh, id).state.tag).toBe('Done');
  });

  it('of a run that was cancelled while it was paused begins with the items that had not been begun', () => {
    const id = cook(
      mesh,
      '\n  - { id: each, map: 3, limit: 1, steps: [{ id: a, skill: reason, input: { say: "{{item}}" } }] }',
    );
    mesh.call(mesh.owner, 'pauseRun', { runId: id });
    serve(mesh, limb, failing());
    mesh.call(mesh.owner, 'cancelRun', { runId: id });
    retry(id);
    expect(serve(mesh, limb, failing()).map(({ say }) => say)).toEqual([1, 2]);
    expect(runOf(mesh, id).state.tag).toBe('Done');
  });

  it('is refused of a run that goes on, that is a part of another, or without anything to do', () => {
    const id = cook(mesh, steps);
    expect(() => retry(id)).toThrow(`not-ended: run ${id} is running`);
    serve(mesh, limb, failing());
    expect(() => retry(id)).toThrow(`nothing-failed: run ${id} is done; name the step to go on from`);
    expect(() => retry(id, 99_999n)).toThrow('no-such-step: ');
    expect(() => retry(id, stepAt(mesh, id, 'b').id, '{')).toThrow('invalid-input: ');
    save(mesh, 'name: outer\nsteps: [{ id: sub, recipe: dish }]');
    start(mesh, 'outer');
    serve(mesh, limb, failing('b'));
    const inner = mesh.rows('run').find(({ parentStep }) => parentStep !== 0n)?.id ?? 0n;
    expect(() => retry(inner, 99_999n)).toThrow('no-such-step: ');
  });
});

describe('a run', () => {
  it('is forgotten with all that it has, some rows at a time, when its tenant keeps it no longer', () => {
    const before = mesh.rows('usage')[0];
    save(mesh, 'name: dish\nsteps: [{ id: each, map: 700, steps: [{ id: a, output: "{{item}}" }] }]');
    const kept = mesh.rows('usage')[0];
    const id = start(mesh, 'dish');
    mesh.advance(100);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, stepCount: 701 });
    mesh.call(mesh.owner, 'setRetention', { tenantId: 1n, keepDays: 2 });
    mesh.jump(4 * 86_400_000);
    for (let second = 0; second < 75; second++) mesh.advance(1000);
    const tables = ['run', 'runData', 'step', 'stepOutput', 'frame', 'stepItems', 'approval'] as const;
    expect(tables.filter((table) => mesh.rows(table).length > 0)).toEqual([]);
    expect(mesh.rows('usage')[0]).toMatchObject({ rows: kept?.rows, bytes: kept?.bytes, unfinishedRuns: 0 });
    mesh.call(mesh.owner, 'deleteRecipe', { tenantId: 1n, name: 'dish' });
    expect(mesh.rows('usage')[0]).toMatchObject({ rows: before?.rows, bytes: before?.bytes });
  });

  it('that is paused begins nothing, keeps what ends, and goes on when it is resumed', async () => {
    const id = cook(
      mesh,
      '\n  - { id: a, skill: reason, input: { say: a } }\n  - { id: b, skill: reason, input: { say: b } }',
    );
    mesh.call(mesh.owner, 'pauseRun', { runId: id });
    serve(mesh, limb, failing());
    expect(statesOf(mesh, id)).toEqual({ a: 'Done' });
    await mesh.settle();
    await mesh.crash();
    mesh.advance(1000);
    expect(statesOf(mesh, id)).toEqual({ a: 'Done' });
    limb = joinLimb(mesh, 'second cook');
    mesh.call(mesh.owner, 'resumeRun', { runId: id });
    serve(mesh, limb, failing());
    expect(runOf(mesh, id).state.tag).toBe('Done');
    expect(() => mesh.call(mesh.owner, 'pauseRun', { runId: id })).toThrow('wrong-state: ');
  });

  it('that is cancelled ends everything of it, runs inside of it too, and undoes nothing', () => {
    save(mesh, 'name: inner\nsteps: [{ id: work, skill: nobody }]');
    const id = cook(mesh, '\n  - { id: each, map: 3, steps: [{ id: sub, recipe: inner }] }');
    mesh.call(mesh.owner, 'cancelRun', { runId: id });
    expect(mesh.rows('run').map(({ state }) => state.tag)).toEqual([
      'Cancelled',
      'Cancelled',
      'Cancelled',
      'Cancelled',
    ]);
    expect(mesh.rows('task').every(({ state }) => state.tag === 'Cancelled')).toBe(true);
    expect(mesh.rows('usage')).toMatchObject([{ unfinishedRuns: 0, unfinishedTasks: 0 }]);
    expect(mesh.rows('move')).toEqual([]);
  });

  it('keeps the version that it was started with', () => {
    const id = cook(mesh, '\n  - { id: a, skill: reason, input: { say: a } }\n  - { id: end, output: first }');
    save(mesh, 'name: dish\nsteps: [{ id: end, output: second }]');
    serve(mesh, limb);
    expect(outputOf(mesh, id)).toBe('first');
    expect(outputOf(mesh, start(mesh, 'dish'))).toBe('second');
  });

  it('is started once for a reference, and with what its recipe asks for', () => {
    save(
      mesh,
      'name: dish\ninputs: { word: text, many: { type: number, default: 3 } }\nsteps: [{ id: end, output: "{{inputs}}" }]',
    );
    const args = { tenantId: 1n, recipe: 'dish', payload: '{"word":"a"}', reference: 'once' };
    mesh.call(mesh.owner, 'startRecipe', args);
    mesh.call(mesh.owner, 'startRecipe', args);
    expect(mesh.rows('run')).toHaveLength(1);
    expect(outputOf(mesh, mesh.rows('run')[0]?.id ?? 0n)).toEqual({ word: 'a', many: 3 });
    const refused = (payload: string) => () =>
      mesh.call(mesh.owner, 'startRecipe', { ...args, payload, reference: payload });
    expect(refused('{}')).toThrow('invalid-input: the payload lacks word');
    expect(refused('{"word":1}')).toThrow('word of the payload is 1; send a text');
    expect(refused('{')).toThrow('invalid-payload: ');
    expect(() => mesh.call(mesh.owner, 'startRecipe', { ...args, recipe: 'fish', reference: 'fish' })).toThrow(
      'no-such-recipe: ',
    );
  });

  it('waits for an event of its own tenant that fits', () => {
    const { tenantId, owner } = newTenant(mesh, 'other');
    const id = cook(
      mesh,
      `
  - id: paid
    wait: { event: order.paid, where: { event.payload.order: { equals: { value: trigger.payload.order } } } }
  - { id: end, output: "{{steps.paid.payload.by}}" }`,
      { order: 5 },
    );
    const emit = (who = mesh.owner, of = 1n, order = 5) =>
      mesh.call(who, 'emit', {
        ...{ tenantId: of, kind: 'order.paid', source: 'shop', subject: '' },
        ...{ payload: JSON.stringify({ order, by: 'card' }), dedupeKey: '', dedupeMs: 0 },
      });
    emit(owner, tenantId);
    emit(mesh.owner, 1n, 6);
    expect(runOf(mesh, id).state.tag).toBe('Running');
    emit();
    expect(outputOf(mesh, id)).toBe('card');
  });
});
