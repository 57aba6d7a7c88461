import { beforeEach, describe, expect, it } from 'vitest';
import { joinLimb, joinMember, type Mesh, type MeshClient, startMesh, submit } from '../mesh.ts';
import { cook, outputOf, runOf, save, serve, start, statesOf, stepAt } from './kitchen.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'cook', { capacity: 8 });
});

describe('an if step', () => {
  const steps = `
  - id: choose
    if: { trigger.payload.amount: { gt: 100 } }
    then:
      - { id: large, output: much }
    else:
      - { id: small, output: little }
  - { id: end, output: "{{steps.choose.value}}" }`;

  it.each([
    [500, 'much'],
    [5, 'little'],
  ])('of %i does one of its branches', (amount, output) => {
    expect(outputOf(mesh, cook(mesh, steps, { amount }))).toBe(output);
  });

  it('without an else does nothing when its condition does not hold', () => {
    const id = cook(mesh, '\n  - { id: choose, if: { inputs: { exists: false } }, then: [{ id: a, output: 1 }] }');
    expect(statesOf(mesh, id)).toEqual({ choose: 'Done' });
  });
});

it('skips a step whose condition does not hold, and goes on', () => {
  const id = cook(
    mesh,
    `
  - { id: maybe, skill: reason, when: { trigger.payload.go: true } }
  - { id: end, output: { was: "{{steps.maybe.state}}", said: "{{steps.maybe.text}}" } }`,
  );
  expect(statesOf(mesh, id)).toEqual({ maybe: 'Skipped', end: 'Done' });
  expect(outputOf(mesh, id)).toEqual({ was: 'skipped', said: null });
});

it('does parallel branches at the same time and gives their results in order', () => {
  const id = cook(
    mesh,
    `
  - id: both
    parallel:
      - [{ id: a, skill: reason, input: { say: one } }]
      - [{ id: b, skill: reason, input: { say: two } }, { id: c, skill: reason, input: { say: "{{steps.b.text}}!" } }]
  - { id: end, output: "{{steps.both.results}}" }`,
  );
  expect(statesOf(mesh, id)).toEqual({ both: 'Running', 'both[0].a': 'Running', 'both[1].b': 'Running' });
  serve(mesh, limb);
  expect(outputOf(mesh, id)).toEqual(['one', 'two!']);
});

describe('a map', () => {
  it('takes a number for 0 up to it, and nothing of an empty list', () => {
    const map = (over: string) =>
      cook(mesh, `\n  - { id: each, map: ${over}, steps: [{ id: a, output: "{{item + 1}}" }] }`, { list: [] });
    expect(outputOf(mesh, map('3'))).toEqual([1, 2, 3]);
    expect(outputOf(mesh, map('"{{trigger.payload.list}}"'))).toEqual([]);
  });

  it('fails with what it was given when that is no list', () => {
    const id = cook(mesh, '\n  - { id: each, map: "{{trigger.payload}}", steps: [{ id: a, output: 1 }] }', { a: 1 });
    expect(runOf(mesh, id)).toMatchObject({
      state: { tag: 'Failed' },
      error:
        'step each: invalid-list: {"a":1} is neither a list nor a whole number of items; give the map one of these',
    });
  });

  it('of 10,000 items begins them in transactions of bounded size, and never more at once than its limit', () => {
    const id = cook(mesh, '\n  - { id: each, map: 10000, limit: 1000, steps: [{ id: a, wait: 1s }] }');
    expect(stepAt(mesh, id, 'each').opened).toBeLessThanOrEqual(200);
    mesh.advance(900);
    expect(stepAt(mesh, id, 'each')).toMatchObject({ opened: 1000, closed: 0 });
    expect(mesh.rows('advance')).toEqual([]);
    for (let second = 0; second < 12; second++) mesh.advance(1000);
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, stepCount: 10_001, endedCount: 10_001 });
  });
});

describe('a loop', () => {
  it('goes on until its condition holds, with what the round before came to', () => {
    const id = cook(
      mesh,
      `
  - id: again
    loop: 10
    until: { value: { gte: 8 } }
    steps:
      - id: first
        if: { round: 1 }
        then: [{ id: one, output: 1 }]
        else: [{ id: twice, output: "{{previous * 2}}" }]
  - { id: end, output: { value: "{{steps.again.value}}", rounds: "{{steps.again.rounds}}" } }`,
    );
    expect(outputOf(mesh, id)).toEqual({ value: 8, rounds: 4 });
  });

  it('fails when its condition never holds, and without one ends after its rounds', () => {
    const id = cook(mesh, '\n  - { id: again, loop: 3, until: { value: 9 }, steps: [{ id: a, output: "{{round}}" }] }');
    expect(runOf(mesh, id).error).toBe('step again: after 3 rounds this does not hold: value equals 9');
    const other = cook(mesh, '\n  - { id: again, loop: 3, steps: [{ id: a, output: "{{round}}" }] }');
    expect(outputOf(mesh, other)).toBe(3);
  });
});

describe('a wait', () => {
  it('ends after its time, also when the hub was restarted meanwhile', async () => {
    const id = cook(mesh, '\n  - { id: pause, wait: 1m }\n  - { id: end, output: done }');
    mesh.advance(59_000);
    expect(runOf(mesh, id).state.tag).toBe('Running');
    await mesh.settle();
    await mesh.crash();
    mesh.advance(2_000);
    expect(outputOf(mesh, id)).toBe('done');
  });

  it('ends at a time, at once when that has passed', () => {
    const wait = (at: string) => cook(mesh, '\n  - { id: pause, wait: { until: "{{trigger.payload.at}}" } }', { at });
    expect(runOf(mesh, wait('2000-01-01T00:00:00Z')).state.tag).toBe('Done');
    expect(runOf(mesh, wait('tomorrow')).error).toMatch(/^step pause: invalid-time: "tomorrow" is no time/);
    const later = wait(new Date(Number(mesh.now.microsSinceUnixEpoch / 1000n) + 5000).toISOString());
    mesh.advance(4_000);
    expect(runOf(mesh, later).state.tag).toBe('Running');
    mesh.advance(2_000);
    expect(runOf(mesh, later).state.tag).toBe('Done');
  });
});

describe('an approval', () => {
  const steps = `
  - id: ask
    approve: "Pay {{trigger.payload.amount}}?"
    inputs: { account: text, hurry: { type: boolean, default: false } }
    timeout: 1h
  - { id: end, output: { to: "{{steps.ask.inputs.account}}", hurry: "{{steps.ask.inputs.hurry}}" } }`;
  const decide = (isApproved: boolean, inputs: string, note = '', who = mesh.owner) =>
    mesh.call(who, 'decideApproval', { approvalId: mesh.rows('approval')[0]?.id ?? 0n, isApproved, note, inputs });

  it('waits for a person, whose inputs are checked and go on with the run', async () => {
    const id = cook(mesh, steps, { amount: 7 });
    expect(mesh.rows('approval')).toMatchObject([{ prompt: 'Pay 7?', state: { tag: 'Open' }, path: 'ask', runId: id }]);
    expect(() => decide(true, '{}')).toThrow('invalid-input: the answer lacks account');
    expect(() => decide(true, '{"acount": "x"}')).toThrow('did you mean account?');
    expect(() => decide(true, '{"account": 5}')).toThrow('account of the answer is 5; send a text');
    await mesh.settle();
    await mesh.crash();
    decide(true, '{"account": "savings"}', 'fine');
    expect(outputOf(mesh, id)).toEqual({ to: 'savings', hurry: false });
    expect(mesh.rows('approval')).toMatchObject([{ state: { tag: 'Approved' }, note: 'fine' }]);
    expect(() => decide(false, '')).toThrow('already-decided: ');
  });

  it('fails its step when it is rejected, and is withdrawn when its time is up', () => {
    const rejected = cook(mesh, steps);
    decide(false, '', 'too dear');
    expect(runOf(mesh, rejected).error).toBe('step ask: rejected by local owner: too dear');
    const late = cook(mesh, steps);
    mesh.advance(3_601_000);
    expect(runOf(mesh, late).error).toBe('step ask: it did not end within 3600000 ms');
    expect(
      mesh
        .rows('approval')
        .map(({ state }) => state.tag)
        .sort(),
    ).toEqual(['Rejected', 'Withdrawn']);
  });

  it('may ask for an owner', () => {
    const operator = joinMember(mesh, 'olga');
    cook(mesh, '\n  - { id: ask, approve: Sure?, role: owner }');
    expect(() => decide(true, '', '', operator)).toThrow(/^forbidden: /);
    decide(true, '');
  });
});

describe('a recipe step', () => {
  it('is a run of its own, whose output comes back and whose costs are counted', () => {
    save(
      mesh,
      'name: inner\ninputs: { word: text }\nsteps: [{ id: work, skill: reason, input: { say: "<{{inputs.word}}>" } }]',
    );
    const id = cook(
      mesh,
      '\n  - { id: sub, recipe: inner, input: { word: hey } }\n  - { id: end, output: "{{steps.sub.value}}" }',
    );
    serve(mesh, limb, (input) => ({ text: String(input['say']), tokensIn: 7, tokensOut: 2, costMicros: 3n }));
    expect(outputOf(mesh, id)).toBe('<hey>');
    expect(runOf(mesh, id)).toMatchObject({ tokensIn: 7n, tokensOut: 2n, costMicros: 3n });
    expect(mesh.rows('run')).toHaveLength(2);
  });

  it('fails with the run that it is', () => {
    save(mesh, 'name: inner\nsteps: [{ id: work, skill: reason }]');
    const id = cook(mesh, '\n  - { id: sub, recipe: inner }');
    serve(mesh, limb, () => ({ fails: 'no' }));
    expect(runOf(mesh, id).error).toMatch(/^step sub: run \d+: step work: no$/);
  });
});

describe('the check of a step', () => {
  const steps = `
  - id: work
    skill: reason
    input: { say: x }
    check: { result.json.score: { gte: 5 } }
    tries: 3`;

  it('has the work done again until it holds, and counts what all tries cost', () => {
    const id = cook(mesh, steps);
    let score = 3;
    serve(mesh, limb, () => ({ text: JSON.stringify({ score: score++ }), tokensIn: 10 }));
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, tokensIn: 30n });
    expect(stepAt(mesh, id, 'work').tries).toBe(3);
  });

  it('fails the step when it never holds, and says what was seen', () => {
    const id = cook(mesh, steps);
    serve(mesh, limb, () => ({ text: '{"score":1}' }));
    expect(runOf(mesh, id).error).toBe(
      'step work: the check does not hold: result.json.score gte 5; result.json.score is 1',
    );
    expect(mesh.rows('task')).toHaveLength(3);
  });
});

it('counts as the work of whoever started the run', () => {
  const operator = joinMember(mesh, 'olga');
  save(mesh, 'name: dish\nsteps: [{ id: a, skill: reason }, { id: b, skill: reason }]');
  start(mesh, 'dish', {}, operator);
  serve(mesh, limb);
  expect(mesh.rows('task').every(({ submittedBy }) => submittedBy.isEqual(operator))).toBe(true);
});

it('waits while the quota of tasks is used up, and goes on by itself', () => {
  const quotas = { tenantId: 1n, rowsMax: 0n, bytesMax: 0n };
  mesh.call(mesh.owner, 'setQuotas', { ...quotas, unfinishedTasksMax: 1 });
  const other = submit(mesh, { skill: 'other' });
  const id = cook(mesh, '\n  - { id: a, skill: reason }');
  expect(stepAt(mesh, id, 'a')).toMatchObject({
    state: { tag: 'Waiting' },
    error: expect.stringMatching(/^queue-full: /),
  });
  mesh.call(mesh.owner, 'cancelTask', { taskId: other });
  mesh.advance(11_000);
  limb.call('pong');
  serve(mesh, limb);
  expect(runOf(mesh, id).state.tag).toBe('Done');
});
