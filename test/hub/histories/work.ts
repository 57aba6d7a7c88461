import fc from 'fast-check';
import type { TableRow } from '../../../engine/testing/index.ts';
import { after } from '../../../hub/lib/time.ts';
import { type MeshModule, summary, task, terms, told } from '../mesh.ts';
import { step } from '../step.ts';
import { isSame } from './same.ts';
import { type Actor, tell, tolerate, type World } from './world.ts';

// What people and limbs do in a history. Numbers choose among what there is, modulo how many there are; much of it is not
// allowed.

export const number = fc.nat({ max: 1000 });
export const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
const anyTask = ({ mesh }: World, at: number) => BigInt((at % (mesh.rows('task').length + 1)) + 1);

export const submitting = step<World, readonly [number, number, number, boolean, number, number]>(
  'submit',
  fc.tuple(number, fc.nat({ max: 3 }), fc.nat({ max: 9 }), fc.boolean(), fc.nat({ max: 5 }), number),
  (world, [tenant, key, priority, isPicky, shape, seconds]) => {
    const { tenantId, client } = pick(world.tenants, tenant);
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
    const known = world.mesh.rows('task');
    const own = known.filter((row) => row.tenantId === tenantId);
    const parent = shape === 5 && own.length > 0 ? pick(own, seconds).id : undefined;
    const reference = `r${known.length}-${seconds}`;
    const isTaken = tolerate(() =>
      client.call('submitTask', task({ tenantId, reference, terms: { ...changes, parent } })),
    );
    if (isTaken) world.figures.add('submissions');
  },
);

export const claiming = step<World, number>('claim', number, (world, who) => {
  const actor = pick(world.actors, who);
  if (!actor.isStalled) claimAll(world, actor);
});

type How = 'progress' | 'done' | 'retry' | 'failed';

export const reporting = step<World, readonly [number, number, number, How, boolean]>(
  'report',
  fc.tuple(
    ...([number, number, fc.constantFrom(0, 0, 0, 1, -1)] as const),
    ...([fc.constantFrom('progress', 'done', 'done', 'retry', 'failed'), fc.boolean()] as const),
  ),
  (world, [who, which, late, how, isCut]) => {
    const actor = whoWorks(world, who);
    const held = leasesOf(world, actor);
    const taskId = held.length > 0 ? pick(held, which).taskId : anyTask(world, which);
    const before = world.mesh.rows('task').find(({ id }) => id === taskId);
    report(world, actor, taskId, Math.max(0, (before?.attempt ?? 1) - late), how, isCut);
  },
);

/** Limbs that are not stalled do all the work that they are offered. */
export const working = step<World, undefined>('work', fc.constant(undefined), (world) => {
  const workers = world.actors.filter(({ isStalled, client }) => !isStalled && client.isConnected);
  for (let isBusy = true; isBusy; ) {
    isBusy = false;
    for (const actor of workers) {
      claimAll(world, actor);
      for (const { taskId, attempt } of leasesOf(world, actor)) {
        report(world, actor, taskId, attempt, 'done', false);
        isBusy = true;
      }
    }
  }
});

export const spending = step<World, readonly [number, number, number, number, boolean]>(
  'spend',
  fc.tuple(number, number, fc.nat({ max: 3 }), fc.nat({ max: 600 }), fc.boolean()),
  (world, [who, which, at, most, isSettled]) => {
    const actor = whoWorks(world, who);
    const held = leasesOf(world, actor);
    if (held.length === 0) return;
    const { taskId, attempt } = pick(held, which);
    const cost = { taskId, attempt, number: at, micros: 0n, seconds: 0n };
    tell(world, actor, () => {
      if (isSettled) actor.client.call('settleBudget', { ...cost, tokens: BigInt(most >> 1) });
      else actor.client.call('reserveBudget', { ...cost, tokens: BigInt(most), hasCheaper: false });
    });
  },
);

export const cancelling = step<World, number>('cancel', number, (world, which) => {
  const taskId = anyTask(world, which);
  for (const { client } of world.tenants) tolerate(() => client.call('cancelTask', { taskId }));
});

export const redriving = step<World, readonly [number, boolean]>(
  'redrive',
  fc.tuple(number, fc.boolean()),
  (world, [which, isAll]) => {
    const { tenantId, client } = pick(world.tenants, which);
    if (isAll) tolerate(() => client.call('redriveAll', { tenantId }));
    else tolerate(() => client.call('redriveTask', { taskId: anyTask(world, which) }));
  },
);

/** An owner changes what a limb may do. */
export const limiting = step<World, readonly [number, number, boolean, number]>(
  'limit',
  fc.tuple(number, number, fc.boolean(), fc.nat({ max: 2 })),
  (world, [tenant, which, isLabelled, capacityMax]) => {
    const { tenantId, client } = pick(world.tenants, tenant);
    const limb = pick(world.actors, which).identity;
    const labels = isLabelled ? ['gpu'] : [];
    tolerate(() => client.call('setLimb', { tenantId, limb, labels, allowedSkills: [], capacityMax }));
  },
);

/** Mostly a limb that holds a task, while there is one. */
function whoWorks(world: World, who: number): Actor {
  const leases = world.mesh.rows('lease');
  const holders = world.actors.filter(({ identity }) => leases.some(({ limb }) => isSame(limb, identity)));
  return pick(holders.length > 0 && who % 5 !== 0 ? holders : world.actors, who);
}

function claimAll(world: World, actor: Actor): void {
  const offers = world.mesh.rows('offer').filter(({ limb }) => isSame(limb, actor.identity));
  for (const { taskId } of offers) tell(world, actor, () => actor.client.call('claimTask', { taskId }));
}

/** A limb reports on a task, maybe over a connection that it has given up, and is believed just when it holds it. */
function report(world: World, actor: Actor, taskId: bigint, attempt: number, how: How, isCut: boolean): void {
  const old = isCut ? actor.cut.find(({ isConnected }) => isConnected) : undefined;
  const client = old ?? actor.client;
  const lease = leasesOf(world, actor).find((row) => row.taskId === taskId);
  const isHeld = lease?.attempt === attempt && !old && client.isConnected;
  const name = { taskId, attempt };
  const act = () => {
    if (how === 'progress') client.call('reportProgress', { ...name, ...told('on it') });
    else if (how === 'done') client.call('completeTask', { ...name, summary: summary() });
    else client.call('failTask', { ...name, error: 'no', isRetryable: how === 'retry' });
  };
  const isTaken = old ? tolerate(act) : tell(world, actor, act);
  if (isTaken !== isHeld) {
    const seen = isTaken ? 'was taken' : 'was refused';
    throw new Error(`a report on task ${taskId} by attempt ${attempt} ${seen}; the lease: ${lease?.attempt ?? 'none'}`);
  }
  world.figures.add(isTaken ? 'reports' : 'fenced reports');
  if (how !== 'done' || !isTaken) return;
  if (world.completions.has(taskId)) world.twice.push(taskId);
  world.completions.set(taskId, attempt);
  world.figures.add('completions');
}

function leasesOf({ mesh }: World, { identity }: Actor): readonly TableRow<MeshModule, 'lease'>[] {
  return mesh.rows('lease').filter(({ limb }) => isSame(limb, identity));
}
