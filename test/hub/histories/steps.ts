import fc from 'fast-check';
import { CallError, Rejection } from '../../../engine/testing/index.ts';
import { after } from '../../../hub/lib/time.ts';
import { summary, task, terms, told } from '../mesh.ts';
import { type Step, step } from '../step.ts';
import { type Actor, comeBack, type World } from './promises.ts';

// What may happen in a history. Numbers choose among what there is, modulo how many there are; much of it is not allowed.

const number = fc.nat({ max: 1000 });
const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
const anyTask = ({ mesh }: World, at: number) => BigInt((at % (mesh.rows('task').length + 1)) + 1);

export const submitting = step<World, readonly [number, number, number, boolean, number, number]>(
  'submit',
  fc.tuple(number, fc.nat({ max: 3 }), fc.nat({ max: 9 }), fc.boolean(), fc.nat({ max: 5 }), number),
  (world, [tenant, key, priority, isPicky, shape, seconds]) => {
    const { tenantId, owner } = pick(world.tenants, tenant);
    const { now } = world.mesh;
    const changes = terms({
      priority,
      concurrencyKey: key === 0 ? '' : `key ${key}`,
      concurrencyMax: key,
      labels: isPicky ? ['gpu'] : [],
      attemptsMax: shape === 0 ? 1 : 3,
      dedupeKey: shape === 1 ? `same ${key}` : '',
      runAfter: shape === 2 ? after(now, (seconds % 20) * 1000 + 1) : undefined,
      deadline: shape === 3 ? after(now, (seconds % 60) * 1000 + 1) : undefined,
      target: shape === 4 ? world.actors[0]?.identity : undefined,
      needs: seconds % 3 === 0 ? { tokens: BigInt(seconds), micros: 0n, seconds: 0n } : undefined,
      treeBudget: shape === 0 ? { tokens: 500n, micros: 0n, seconds: 0n } : undefined,
    });
    const own = world.mesh.rows('task').filter((row) => row.tenantId === tenantId);
    const parent = shape === 5 && own.length > 0 ? pick(own, seconds).id : undefined;
    const reference = `r${world.mesh.rows('task').length}-${seconds}`;
    tolerate(() => world.mesh.call(owner, 'submitTask', task({ tenantId, reference, terms: { ...changes, parent } })));
  },
);

export const claiming = step<World, number>('claim', number, (world, who) => {
  const actor = pick(world.actors, who);
  if (actor.isStalled) return;
  for (const { taskId } of offersOf(world, actor)) tolerate(() => actor.client.call('claimTask', { taskId }));
});

export const reporting = step<World, readonly [number, number, number, 'progress' | 'done' | 'retry' | 'failed']>(
  'report',
  fc.tuple(
    number,
    number,
    fc.constantFrom(0, 0, 0, 1, -1),
    fc.constantFrom('progress', 'done', 'done', 'retry', 'failed'),
  ),
  (world, [who, which, late, how]) => {
    const actor = pick(world.actors, who);
    const held = world.mesh.rows('lease').filter(({ limb }) => limb.isEqual(actor.identity));
    const taskId = held.length > 0 ? pick(held, which).taskId : anyTask(world, which);
    const before = world.mesh.rows('task').find(({ id }) => id === taskId);
    const attempt = Math.max(0, (before?.attempt ?? 1) - late);
    const report = { taskId, attempt };
    const { client } = actor;
    const isTaken = tolerate(() => {
      if (how === 'progress') client.call('reportProgress', { ...report, ...told('on it') });
      else if (how === 'done') client.call('completeTask', { ...report, summary: summary() });
      else client.call('failTask', { ...report, error: 'no', isRetryable: how === 'retry' });
    });
    if (how === 'done' && isTaken) world.completions.set(taskId, (world.completions.get(taskId) ?? 0) + 1);
  },
);

export const spending = step<World, readonly [number, number, number, number, boolean]>(
  'spend',
  fc.tuple(number, number, fc.nat({ max: 3 }), fc.nat({ max: 600 }), fc.boolean()),
  (world, [who, which, at, most, isSettled]) => {
    const actor = pick(world.actors, who);
    const held = world.mesh.rows('lease').filter(({ limb }) => limb.isEqual(actor.identity));
    if (held.length === 0) return;
    const { taskId, attempt } = pick(held, which);
    const report = { taskId, attempt, number: at, micros: 0n, seconds: 0n };
    if (isSettled) tolerate(() => actor.client.call('settleBudget', { ...report, tokens: BigInt(most >> 1) }));
    else tolerate(() => actor.client.call('reserveBudget', { ...report, tokens: BigInt(most), hasCheaper: false }));
  },
);

export const cancelling = step<World, number>('cancel', number, (world, which) => {
  const taskId = anyTask(world, which);
  for (const { owner } of world.tenants) tolerate(() => world.mesh.call(owner, 'cancelTask', { taskId }));
});

export const redriving = step<World, readonly [number, boolean]>(
  'redrive',
  fc.tuple(number, fc.boolean()),
  (world, [which, isAll]) => {
    const { tenantId, owner } = pick(world.tenants, which);
    if (isAll) tolerate(() => world.mesh.call(owner, 'redriveAll', { tenantId }));
    else tolerate(() => world.mesh.call(owner, 'redriveTask', { taskId: anyTask(world, which) }));
  },
);

export const stalling = step<World, readonly [number, boolean]>(
  'stall',
  fc.tuple(number, fc.boolean()),
  (world, [who, isStalled]) => {
    const actor = pick(world.actors, who);
    actor.isStalled = isStalled;
    if (!isStalled) tolerate(() => actor.client.call('pong'));
  },
);

export const leaving = step<World, number>('leave', number, (world, who) =>
  pick(world.actors, who).client.disconnect(),
);

export const comingBack = step<World, readonly [number, boolean, number]>(
  'come back',
  fc.tuple(number, fc.boolean(), fc.nat({ max: 3 })),
  (world, [who, isNewRun, capacity]) => {
    const actor = pick(world.actors, who);
    if (isNewRun) actor.run += 1;
    comeBack(world, actor, capacity);
  },
);

export const waiting = step<World, number>('wait', fc.nat({ max: 6 }), (world, seconds) => {
  for (let second = 0; second < seconds; second++) {
    world.mesh.advance(1000);
    for (const actor of world.actors) if (!actor.isStalled) tolerate(() => actor.client.call('pong'));
  }
});

export const moment = step<World, number>('a moment', fc.nat({ max: 999 }), ({ mesh }, ms) => mesh.advance(ms));

export const crashing = step<World, number>('crash', fc.nat({ max: 2000 }), async (world, ms) => {
  await world.mesh.settle();
  await world.mesh.crash();
  world.mesh.advance(ms);
  for (const actor of world.actors) comeBack(world, actor, actor.capacity);
});

export const history: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: submitting },
    { weight: 8, arbitrary: claiming },
    { weight: 8, arbitrary: reporting },
    { weight: 4, arbitrary: spending },
    { weight: 2, arbitrary: cancelling },
    { weight: 2, arbitrary: redriving },
    { weight: 3, arbitrary: stalling },
    { weight: 2, arbitrary: leaving },
    { weight: 3, arbitrary: comingBack },
    { weight: 4, arbitrary: waiting },
    { weight: 2, arbitrary: moment },
    { weight: 1, arbitrary: crashing },
  ),
  { maxLength: 60, size: 'max' },
);

function offersOf({ mesh }: World, { identity }: Actor) {
  return mesh.rows('offer').filter(({ limb }) => limb.isEqual(identity));
}

/** Runs what may be refused; false when it was. A reducer that breaks is a failure of the test. */
function tolerate(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof CallError && error.kind === 'rejected') return false;
    if (error instanceof Rejection && error.code === 'disconnected') return false;
    throw error;
  }
}
