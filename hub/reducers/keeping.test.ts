import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { CallError } from '../../engine/testing/index.ts';
import { Tables } from '../../test/hub/histories/promises/tables.ts';
import { checkUsage } from '../../test/hub/histories/promises/usage.ts';
import {
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  type MeshClient,
  newTenant,
  startMesh,
  stateOf,
  submit,
  summary,
  terms,
} from '../../test/hub/mesh.ts';
import { save, start } from '../../test/hub/recipes/kitchen.ts';
import { step } from '../../test/hub/step.ts';
import { limits } from '../lib/limits.ts';

const dayMs = 86_400_000;
let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

function setQuotas(quotas: Partial<{ unfinishedTasksMax: number; rowsMax: bigint; bytesMax: bigint }>): void {
  const none = { unfinishedTasksMax: 0, rowsMax: 0n, bytesMax: 0n };
  mesh.call(mesh.owner, 'setQuotas', { tenantId: localTenant, ...none, ...quotas });
}

function usage() {
  const [row] = mesh.seenBy(mesh.owner, 'usages');
  if (!row) throw new Error('there is no usage');
  return row;
}

function finish(limb: MeshClient, taskId: bigint, changes: Parameters<typeof summary>[0] = {}): void {
  limb.call('claimTask', { taskId });
  limb.call('completeTask', { taskId, attempt: 1, summary: summary(changes) });
}

/** Lets days pass, and then what is due, but for the seconds in between. */
function passDays(days: number): void {
  mesh.jump(days * dayMs);
  mesh.advance(61_000);
}

describe('spending', () => {
  const spent = () =>
    mesh
      .seenBy(mesh.owner, 'spendings')
      .map(({ day, engine, tokens, micros, workMs }) => ({ day, engine, tokens, micros, workMs }))
      .sort((a, b) => (`${a.day}${a.engine}` < `${b.day}${b.engine}` ? -1 : 1));

  it('is added up by day, member, limb and engine, also of tasks that are compacted', () => {
    const limb = joinLimb(mesh, 'limb');
    const cost = { tokensIn: 10, tokensOut: 5, costMicros: 7n, durationMs: 40 };
    for (const engine of ['small', 'large', 'small']) finish(limb, submit(mesh), { ...cost, engine });
    const day = '2026-01-01';
    const same = { day, tokens: 15n, micros: 7n, workMs: 40n };
    const expected = [
      { ...same, engine: 'large' },
      { day, engine: 'small', tokens: 30n, micros: 14n, workMs: 80n },
    ];
    expect(spent()).toEqual(expected);
    passDays(31);
    expect(mesh.rows('summary')).toEqual([]);
    expect(spent()).toEqual(expected);
  });

  it('is forgotten when it is too old to be shown, as soon as something new is spent', () => {
    const limb = joinLimb(mesh, 'limb');
    finish(limb, submit(mesh), { engine: 'small' });
    passDays(60);
    finish(limb, submit(mesh), { engine: 'large' });
    expect(spent().map(({ engine }) => engine)).toEqual(['large']);
  });
});

describe('quotas', () => {
  it('refuse an unfinished task too many, with the figures and what to do', () => {
    setQuotas({ unfinishedTasksMax: 2 });
    const first = submit(mesh);
    submit(mesh);
    expect(() => submit(mesh)).toThrow(
      'queue-full: the tenant has 2 unfinished tasks, and its quota is 2; wait or cancel some, or let an owner raise the quota',
    );
    mesh.call(mesh.owner, 'cancelTask', { taskId: first });
    submit(mesh);
  });

  it('refuse rows and bytes too many, of finished tasks too', () => {
    const limb = joinLimb(mesh, 'worker');
    finish(limb, submit(mesh));
    // A task, its input, its attempt and its summary.
    expect(usage().rows).toBe(4n);
    setQuotas({ rowsMax: 5n });
    expect(() => submit(mesh)).toThrow(
      /^rows-full: the tenant keeps 4 rows of tasks, runs, recipes and rules, and its quota is 5; keep finished/,
    );
    setQuotas({ bytesMax: usage().bytes + 9n });
    submit(mesh, { input: '"1234567"' });
    expect(() => submit(mesh)).toThrow(
      /^bytes-full: the tenant keeps \d+ bytes of tasks, runs, recipes and rules, and its quota is \d+; keep /,
    );
    setQuotas({});
    submit(mesh);
  });

  it('hold for the kinds of tasks that wait, and let tasks of a known kind in', () => {
    const labelled = (label: number) => submit(mesh, { terms: terms({ labels: [`l${label}`] }) });
    for (let label = 0; label < limits.bandsMax; label++) labelled(label);
    expect(() => labelled(limits.bandsMax)).toThrow(
      "queue-full: the tenant's waiting tasks are of 1000 kinds, which differ in skill, target, labels or priority",
    );
    labelled(7);
    const { tenantId, owner } = newTenant(mesh, 'other');
    submit(mesh, { tenantId }, owner);
    mesh.call(mesh.owner, 'cancelTask', { taskId: 1n });
    labelled(limits.bandsMax);
  });

  it('count what people say of answers, conversations, and rules', () => {
    const limb = joinLimb(mesh, 'worker');
    const id = submit(mesh);
    finish(limb, id);
    const { rows } = usage();
    const left = (more: bigint) => setQuotas({ rowsMax: rows + more });
    const again = { title: 'And?', input: '{}', terms: undefined };
    left(0n);
    expect(() => judge(mesh, id, 'no')).toThrow(/^rows-full/);
    expect(() => saveRule(mesh, 'a', 'k')).toThrow(/^rows-full/);
    left(3n);
    // The task has room, but not the turns of the two.
    expect(() => mesh.call(mesh.owner, 'followUp', { follows: id, ...again, reference: 'a' })).toThrow(/^rows-full/);
    saveRule(mesh, 'a', 'k');
    mesh.call(mesh.owner, 'deleteRule', { ruleId: mesh.rows('rule')[0]?.id ?? 0n });
    judge(mesh, id, 'no');
    judge(mesh, id, 'no, no');
    judge(mesh, id, '');
    expect(usage().rows).toBe(rows);
    checkUsage(new Tables(mesh));
  });

  it('never refuse a result', () => {
    const limb = joinLimb(mesh, 'worker');
    const id = submit(mesh);
    setQuotas({ unfinishedTasksMax: 1, rowsMax: 1n, bytesMax: 1n });
    finish(limb, id);
    expect(stateOf(mesh, id)).toEqual(['Done', 1]);
  });

  it('hold for a task that is queued again, which takes no more rows', () => {
    const limb = joinLimb(mesh, 'worker');
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    limb.call('failTask', { taskId: id, attempt: 1, error: 'no', isRetryable: false });
    setQuotas({ unfinishedTasksMax: 1, rowsMax: usage().rows + 2n });
    submit(mesh);
    expect(() => mesh.call(mesh.owner, 'redriveTask', { taskId: id })).toThrow(/^queue-full: /);
    setQuotas({ rowsMax: 1n });
    mesh.call(mesh.owner, 'redriveTask', { taskId: id });
  });

  it('of one tenant are nothing to another', () => {
    const { tenantId, owner } = newTenant(mesh, 'north');
    setQuotas({ unfinishedTasksMax: 1 });
    submit(mesh);
    submit(mesh, { tenantId }, owner);
    submit(mesh, { tenantId }, owner);
    expect(mesh.seenBy(owner, 'usages')).toMatchObject([{ tenantId, unfinishedTasks: 2, rows: 4n }]);
  });

  it('cannot be set higher than the hub allows', () => {
    expect(() => setQuotas({ unfinishedTasksMax: 100_001 })).toThrow(
      'invalid-quota: unfinishedTasksMax is 100001, at most 100000 are allowed',
    );
    expect(() => setQuotas({ rowsMax: 10_000_001n })).toThrow(/^invalid-quota: rowsMax/);
    expect(() => setQuotas({ bytesMax: 1n << 40n })).toThrow(/^invalid-quota: bytesMax/);
    expect(() => mesh.call(mesh.owner, 'setRetention', { tenantId: localTenant, keepDays: 3651 })).toThrow(
      'invalid-days: 3651 days, at most 3650 are allowed',
    );
  });

  it('count what an earlier version of the hub did not', async () => {
    const limb = joinLimb(mesh, 'worker');
    const id = submit(mesh);
    finish(limb, id);
    judge(mesh, id, 'so so');
    saveRule(mesh, 'a', 'k');
    start(mesh, saveDish(mesh, 1));
    const before = usage();
    await mesh.database.sql(
      { identity: mesh.owner.__identity__, claims: '{}' },
      'UPDATE usage SET counting = 0, rows = 0, bytes = 0, last_task = 0',
      true,
    );
    submit(mesh, { input: '[1]' });
    expect(usage()).toMatchObject({ rows: before.rows + 2n, bytes: before.bytes + 3n, lastTask: 3n, counting: 1 });
    checkUsage(new Tables(mesh));
  });
});

describe('retention', () => {
  it('makes tasks that ended 30 days ago totals of their day, which members see', () => {
    const limb = joinLimb(mesh, 'worker');
    for (const tokensIn of [10, 20]) finish(limb, submit(mesh), { tokensIn, tokensOut: 5, costMicros: 7n });
    const failed = submit(mesh);
    limb.call('claimTask', { taskId: failed });
    mesh.advance(2000);
    limb.call('failTask', { taskId: failed, attempt: 1, error: 'no', isRetryable: false });
    passDays(29);
    expect(mesh.rows('task')).toHaveLength(3);
    passDays(1);
    for (const table of ['task', 'taskInput', 'attempt', 'summary', 'progressPiece', 'deadLetter'] as const) {
      expect({ table, rows: mesh.rows(table) }).toEqual({ table, rows: [] });
    }
    const viewer = joinMember(mesh, 'viewer', { role: 'Viewer' });
    const totals = mesh.seenBy(viewer, 'dayTotals').sort((a, b) => (a.outcome < b.outcome ? -1 : 1));
    const same = { tenantId: localTenant, day: '2026-01-01', skill: 'reason' };
    expect(totals).toMatchObject([
      { ...same, outcome: 'done', tasks: 2n, attempts: 2n, tokensIn: 30n, tokensOut: 10n, micros: 14n },
      { ...same, outcome: 'failed', tasks: 1n, attempts: 1n, workMs: 2000n, totalMs: 2000n, totalMsMax: 2000 },
    ]);
    expect(usage()).toMatchObject({ rows: 2n, bytes: 0n, unfinishedTasks: 0 });
  });

  it('lasts as long as each tenant says', () => {
    const { tenantId, owner } = newTenant(mesh, 'north');
    mesh.call(owner, 'setRetention', { tenantId, keepDays: 2 });
    for (const [tenant, submitter] of [
      [localTenant, mesh.owner],
      [tenantId, owner],
    ] as const) {
      const taskId = submit(mesh, { tenantId: tenant }, submitter);
      mesh.call(submitter, 'cancelTask', { taskId });
    }
    passDays(3);
    expect(mesh.rows('task')).toMatchObject([{ tenantId: localTenant }]);
    expect(mesh.rows('dayTotal')).toMatchObject([{ tenantId, outcome: 'cancelled', tasks: 1n }]);
    passDays(28);
    expect(mesh.rows('task')).toEqual([]);
  });

  it('never touches what has not ended, and keeps a parent as long as its parts', () => {
    mesh.call(mesh.owner, 'setRetention', { tenantId: localTenant, keepDays: 1 });
    const treeBudget = { tokens: 5n, micros: 0n, seconds: 0n };
    const parent = submit(mesh, { terms: terms({ treeBudget }) });
    const part = submit(mesh, { terms: terms({ parent }) });
    const limb = joinLimb(mesh, 'worker');
    limb.call('claimTask', { taskId: parent });
    limb.call('completeTask', { taskId: parent, attempt: 1, summary: summary() });
    limb.disconnect();
    passDays(3);
    expect(new Set(mesh.rows('task').map(({ id }) => id))).toEqual(new Set([parent, part]));
    mesh.call(mesh.owner, 'cancelTask', { taskId: part });
    passDays(3);
    mesh.advance(60_000);
    expect(mesh.rows('task')).toEqual([]);
    expect(mesh.rows('child')).toEqual([]);
    expect(mesh.rows('budget')).toEqual([]);
  });

  it('goes on in bounded steps while there is more to do, and then leaves nothing behind', () => {
    const count = 220;
    for (let i = 0; i < count; i++) {
      mesh.call(mesh.owner, 'submitTask', {
        ...{ tenantId: localTenant, skill: 'reason', title: 'x', input: '1', terms: undefined },
        reference: `many ${i}`,
      });
      mesh.call(mesh.owner, 'cancelTask', { taskId: BigInt(i + 1) });
    }
    mesh.jump(31 * dayMs);
    let left = count;
    for (let waitedMs = 0; left > 0 && waitedMs < 70_000; waitedMs += 100) {
      mesh.advance(100);
      const now = mesh.rows('task').length;
      expect(left - now).toBeLessThanOrEqual(100);
      left = now;
    }
    expect(left).toBe(0);
    expect(mesh.rows('dayTotal')).toMatchObject([{ tasks: BigInt(count) }]);
    mesh.advance(1000);
    expect(mesh.rows('compact')).toEqual([]);
    expect(mesh.rows('compaction')).toMatchObject([{ floor: BigInt(count + 1) }]);
    const { offset } = mesh.database;
    mesh.advance(300_000);
    // There is nothing to write when there is nothing to do.
    expect(mesh.database.offset).toBe(offset);
  });
});

function judge(hub: Mesh, taskId: bigint, words: string): void {
  const verdict = words.length % 3 === 0 ? undefined : ({ tag: 'Good' } as const);
  hub.call(hub.owner, 'giveFeedback', { taskId, verdict, text: words });
}

function saveRule(hub: Mesh, name: string, kind: string): void {
  const text = `name: ${name}\non: ${kind}\nthen: { notify: { title: t } }`;
  hub.call(hub.owner, 'saveRule', { tenantId: localTenant, text });
}

/** A recipe with a result, a task that may fail, and as many items. */
function saveDish(hub: Mesh, items: number): string {
  save(
    hub,
    `name: dish
steps:
  - { id: each, map: ${items}, steps: [{ id: say, output: "{{index}}" }] }
  - { id: work, skill: recall, input: "x", onFailure: continue }
  - { id: end, output: "{{steps.each}}" }`,
  );
  return 'dish';
}

interface World {
  readonly mesh: Mesh;
  readonly limb: MeshClient;
}

const text = fc.string({ maxLength: 20, unit: 'grapheme' });
const pick = fc.nat({ max: 20 });
const steps = fc.oneof(
  step<World, [string, number]>('submit', fc.tuple(text, pick), ({ mesh: hub }, [input, n]) => {
    const last = hub.rows('task').at(-1)?.id;
    const parent = n < 5 ? last : undefined;
    submit(hub, {
      input: JSON.stringify(input),
      skill: n % 2 ? 'reason' : 'recall',
      terms: terms({ attemptsMax: 2, parent }),
    });
  }),
  step<World, number>('claim', pick, ({ mesh: hub, limb }) => {
    const [offer] = hub.rows('offer');
    if (offer) limb.call('claimTask', { taskId: offer.taskId });
  }),
  step<World, [string, boolean]>('complete', fc.tuple(text, fc.boolean()), ({ mesh: hub, limb }, [words, isGood]) => {
    const [lease] = hub.rows('lease');
    if (!lease) return;
    const { taskId, attempt } = lease;
    if (isGood) limb.call('completeTask', { taskId, attempt, summary: summary({ text: words, costMicros: 3n }) });
    else limb.call('failTask', { taskId, attempt, error: words, isRetryable: words.length % 2 === 0 });
  }),
  step<World, number>('cancel', pick, ({ mesh: hub }, n) => {
    const task = hub.rows('task')[n];
    if (task) hub.call(hub.owner, 'cancelTask', { taskId: task.id });
  }),
  step<World, number>('redrive', pick, ({ mesh: hub }, n) => {
    const task = hub.rows('task').filter(({ state }) => state.tag === 'Dead' || state.tag === 'Failed')[n % 3];
    if (task) hub.call(hub.owner, 'redriveTask', { taskId: task.id });
  }),
  step<World, [string, number]>('judge', fc.tuple(text, pick), ({ mesh: hub }, [words, n]) => {
    const done = hub.rows('task').filter(({ state }) => state.tag === 'Done')[n % 3];
    if (done) judge(hub, done.id, words);
  }),
  step<World, [string, number]>('follow up', fc.tuple(text, pick), ({ mesh: hub }, [words, n]) => {
    const done = hub.rows('task').filter(({ state }) => state.tag === 'Done')[n % 3];
    const given = { title: 'And?', input: JSON.stringify(words), terms: undefined };
    if (done) hub.call(hub.owner, 'followUp', { follows: done.id, ...given, reference: `of ${done.id}, ${n}` });
  }),
  step<World, number>('rule', pick, ({ mesh: hub }, n) => {
    const rule = hub.rows('rule')[0];
    if (rule && n % 4 === 0) hub.call(hub.owner, 'deleteRule', { ruleId: rule.id });
    else saveRule(hub, n % 2 ? 'a' : 'b', `k${n}`);
  }),
  step<World, number>('recipe', pick, ({ mesh: hub }, n) => {
    if (n % 5 === 0) hub.call(hub.owner, 'deleteRecipe', { tenantId: localTenant, name: 'dish' });
    else start(hub, saveDish(hub, n % 3));
  }),
  step<World, number>('days', fc.integer({ min: 1, max: 3 }), ({ mesh: hub, limb }, days) => {
    hub.jump(days * dayMs);
    for (let second = 0; second < 61; second++) {
      hub.advance(1000);
      limb.call('pong');
    }
  }),
);

it('what is counted is what is there, and no task is lost from the totals, whatever happens', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (history) => {
      const hub = await startMesh();
      hub.call(hub.owner, 'setRetention', { tenantId: localTenant, keepDays: 2 });
      const world = { mesh: hub, limb: joinLimb(hub, 'worker', { skills: ['reason', 'recall'], capacity: 2 }) };
      for (const one of history) {
        try {
          await one.act(world);
        } catch (error) {
          if (!(error instanceof CallError)) throw error;
        }
        checkUsage(new Tables(hub));
        const compacted = hub.rows('dayTotal').reduce((sum, { tasks }) => sum + Number(tasks), 0);
        const [used] = hub.rows('usage');
        expect(compacted + hub.rows('task').length).toBe(Number(used?.lastTask));
      }
    }),
    { numRuns: 20 },
  );
});
