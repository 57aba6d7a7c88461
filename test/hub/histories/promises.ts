import type { Identity } from 'spacetimedb';
import { expect } from 'vitest';
import type { Mark, TableRow } from '../../../engine/testing/index.ts';
import { isFinished } from '../../../hub/lib/states.ts';
import {
  announce,
  inviteTo,
  joinLimb,
  localTenant,
  type Mesh,
  type MeshClient,
  type MeshModule,
  newTenant,
  startMesh,
} from '../mesh.ts';

/** A limb of a history. */
export interface Actor {
  readonly identity: Identity;
  client: MeshClient;
  capacity: number;
  /** Which run of its process. */
  run: number;
  /** Connected, but it neither claims nor answers. */
  isStalled: boolean;
}

export interface World {
  readonly mesh: Mesh;
  readonly mark: Mark<MeshModule>;
  readonly tenants: readonly { readonly tenantId: bigint; readonly owner: Identity }[];
  readonly actors: readonly Actor[];
  /** How often a completion was accepted, by task. */
  readonly completions: Map<bigint, number>;
}

/** Two tenants; a limb of each, one of both, and one with a label. Made once, and gone back to for each history. */
export async function openWorld(earlier: World | undefined): Promise<World> {
  if (earlier) {
    await earlier.mesh.rewind(earlier.mark);
    const actors = earlier.actors.map(({ identity }) => actorOf(earlier.mesh.connect(identity)));
    const world = { ...earlier, actors, completions: new Map() };
    for (const actor of actors) comeBack(world, actor, 2);
    return world;
  }
  const mesh = await startMesh();
  const other = newTenant(mesh, 'other');
  const tenants = [{ tenantId: localTenant, owner: mesh.owner }, other];
  const clients = [
    joinLimb(mesh, 'ours', { capacity: 2 }),
    joinLimb(mesh, 'theirs', { ...other, capacity: 2 }),
    joinLimb(mesh, 'shared', { capacity: 2 }),
  ];
  const shared = mesh.identity('shared');
  mesh.call(shared, 'redeemInvite', { code: inviteTo(mesh, { ...other, kind: 'Limb' }), name: 'shared' });
  for (const { tenantId, owner } of tenants) {
    const scope = { scope: { tag: 'Tenant' as const }, subject: '', unit: { tag: 'Tokens' as const } };
    mesh.call(owner, 'setBudget', { tenantId, ...scope, period: { tag: 'Day' }, bound: 1000n });
  }
  for (const client of clients) client.disconnect();
  const mark = await mesh.snapshot();
  const actors = clients.map((client) => actorOf(mesh.connect(client.identity)));
  const world: World = { mesh, mark, tenants, actors, completions: new Map() };
  for (const actor of actors) comeBack(world, actor, 2);
  return world;
}

export function comeBack({ mesh }: World, actor: Actor, capacity: number): void {
  actor.client.disconnect();
  actor.client = mesh.connect(actor.identity);
  actor.capacity = capacity;
  actor.isStalled = false;
  announce(actor.client, { capacity, session: `run ${actor.run}` });
}

function actorOf(client: MeshClient): Actor {
  return { identity: client.identity, client, capacity: 2, run: 1, isStalled: false };
}

type Row<K extends Parameters<Mesh['rows']>[0]> = TableRow<MeshModule, K>;

/** What must hold of the tables whatever happened. */
export function checkInvariants(world: World): void {
  const { mesh, completions } = world;
  const tasks = mesh.rows('task');
  checkTasks(mesh, tasks);
  for (const task of tasks) {
    const accepted = completions.get(task.id) ?? 0;
    expect(accepted).toBe(task.state.tag === 'Done' ? 1 : 0);
  }
  checkUsage(mesh, tasks);
  checkLanes(mesh);
  checkReasons(world);
  checkBudgets(mesh);
  checkConcurrency(mesh);
  checkLimbs(mesh, tasks);
}

function checkTasks(mesh: Mesh, tasks: readonly Row<'task'>[]): void {
  const entries = byTask(mesh.rows('queueEntry'));
  const offers = byTask(mesh.rows('offer'));
  const leases = byTask(mesh.rows('lease'));
  const summaries = byTask(mesh.rows('summary'));
  const dead = byTask(mesh.rows('deadLetter'));
  const timers = mesh.rows('timer');
  const attempts = groupBy(mesh.rows('attempt'), (row) => row.taskId);
  for (const { id, state, attempt, failures, attemptsMax, finishedAt, limb } of tasks) {
    const [entry, offer, lease] = [entries.get(id), offers.get(id), leases.get(id)];
    const isLeased = state.tag === 'Claimed' || state.tag === 'Running';
    expect([id, entry !== undefined, lease !== undefined, summaries.has(id), dead.has(id)]).toEqual([
      id,
      state.tag === 'Queued',
      isLeased,
      state.tag === 'Done',
      state.tag === 'Dead',
    ]);
    // It stands in a lane, waits for its time or a budget, or is offered: one of the four.
    if (entry) {
      const places = [entry.laneId !== 0n, entry.waitsUntil !== undefined, entry.budgetId !== 0n, offer !== undefined];
      expect(entry.shortage !== '').toBe(entry.budgetId !== 0n);
      expect(places.filter(Boolean)).toHaveLength(1);
      const ready = timers.filter((timer) => timer.taskId === id && timer.kind.tag === 'Ready');
      if (entry.budgetId === 0n) expect(ready).toHaveLength(entry.waitsUntil ? 1 : 0);
    } else expect(offer).toBeUndefined();
    if (lease) expect([lease.attempt, lease.limb.isEqual(limb ?? lease.limb)]).toEqual([attempt, true]);
    expect(finishedAt !== undefined).toBe(isFinished(state.tag));
    if (isFinished(state.tag)) expect(timers.filter(({ taskId }) => taskId === id)).toEqual([]);
    else expect(failures).toBeLessThan(attemptsMax);
    const own = attempts.get(id) ?? [];
    expect(own.map(({ number }) => number).sort((a, b) => a - b)).toEqual(own.map((_, i) => i + 1));
    expect(own).toHaveLength(attempt);
    expect(own.filter(({ outcome }) => outcome.tag === 'Open').map(({ number }) => number)).toEqual(
      isLeased ? [attempt] : [],
    );
  }
  const known = new Set(tasks.map(({ id }) => id));
  for (const id of [...entries.keys(), ...offers.keys(), ...leases.keys()]) expect(known.has(id)).toBe(true);
}

function checkUsage(mesh: Mesh, tasks: readonly Row<'task'>[]): void {
  for (const { tenantId, unfinishedTasks } of mesh.rows('usage')) {
    const own = tasks.filter((task) => task.tenantId === tenantId && !isFinished(task.state.tag));
    expect(unfinishedTasks).toBe(own.length);
  }
}

function checkLanes(mesh: Mesh): void {
  const standing = groupBy(
    mesh.rows('queueEntry').filter(({ laneId }) => laneId !== 0n),
    ({ laneId }) => laneId,
  );
  const lanes = mesh.rows('lane');
  expect(standing.size).toBe(lanes.length);
  for (const { id, head, tail, taskCount } of lanes) {
    const places = (standing.get(id) ?? []).map(({ place }) => place);
    expect([places.length, new Set(places).size]).toEqual([taskCount, taskCount]);
    expect(places.every((place) => place >= head && place < tail)).toBe(true);
  }
  const bands = mesh.rows('band');
  expect(bands.reduce((sum, { laneCount }) => sum + laneCount, 0)).toBe(lanes.length);
  for (const { id, head, tail, laneCount } of bands) {
    const own = lanes.filter(({ bandId }) => bandId === id);
    expect(own).toHaveLength(laneCount);
    expect(laneCount).toBeGreaterThan(0);
    const places = own.map(({ place }) => place).filter((place) => place !== 0n);
    expect(new Set(places).size).toBe(places.length);
    expect(places.every((place) => place >= head && place < tail)).toBe(true);
  }
}

/** Each tenant sees a reason for each of its lanes. */
function checkReasons({ mesh, tenants }: World): void {
  for (const { tenantId, owner } of tenants) {
    const reasons = mesh.query(owner, 'SELECT * FROM lane_reasons').filter((reason) => reason['tenantId'] === tenantId);
    const lanes = mesh.rows('lane').filter((lane) => lane.tenantId === tenantId);
    const ids = (rows: readonly unknown[]) => new Set(rows.map(String));
    expect(ids(reasons.map((reason) => reason['laneId']))).toEqual(ids(lanes.map(({ id }) => id)));
    for (const reason of reasons) expect(reason['text']).not.toBe('');
  }
}

/** Nothing is overspent, and what is reserved is what open attempts have reserved. */
function checkBudgets(mesh: Mesh): void {
  const reservations = mesh.rows('reservation');
  const leases = byTask(mesh.rows('lease'));
  for (const { taskId } of reservations) expect(leases.has(taskId)).toBe(true);
  for (const { id, unit, bound, spent, reserved } of mesh.rows('budget')) {
    expect(spent + reserved).toBeLessThanOrEqual(bound);
    const field = ({ Tokens: 'tokens', Micros: 'micros', Seconds: 'seconds' } as const)[unit.tag];
    const own = reservations.filter(({ budgetIds }) => budgetIds.includes(id));
    expect(own.reduce((sum, row) => sum + row[field], 0n)).toBe(reserved);
  }
}

function checkConcurrency(mesh: Mesh): void {
  const terms = new Map(mesh.rows('taskInput').map((row) => [row.taskId, row]));
  const keyOf = (taskId: bigint) => {
    const row = terms.get(taskId);
    return row && row.terms.concurrencyKey !== '' ? `${row.tenantId}/${row.terms.concurrencyKey}` : '';
  };
  const active = [...mesh.rows('offer'), ...mesh.rows('lease')].map(({ taskId }) => taskId);
  const expected = groupBy(
    active.filter((taskId) => keyOf(taskId) !== ''),
    keyOf,
  );
  const held = new Map(mesh.rows('concurrency').map(({ key, holders }) => [key, holders]));
  expect(sorted(held)).toEqual(sorted(expected));
  for (const holders of held.values()) {
    for (const id of holders) expect(holders.length).toBeLessThanOrEqual(terms.get(id)?.terms.concurrencyMax ?? 0);
  }
  // A lane stands in line exactly while its key has a place left.
  const entries = mesh.rows('queueEntry');
  for (const lane of mesh.rows('lane')) {
    const [first] = entries.filter(({ laneId }) => laneId === lane.id).sort((a, b) => (a.place < b.place ? -1 : 1));
    const max = terms.get(first?.taskId ?? 0n)?.terms.concurrencyMax ?? 0;
    const hasPlace = lane.concurrency === '' || (held.get(lane.concurrency)?.length ?? 0) < max;
    expect(lane.place !== 0n).toBe(hasPlace);
  }
}

/** No slot is leaked or taken twice, and no task waits that a limb with a free slot could have. */
function checkLimbs(mesh: Mesh, tasks: readonly Row<'task'>[]): void {
  const slots = [...mesh.rows('offer'), ...mesh.rows('lease')];
  const limbs = mesh.rows('limb');
  const stations = mesh.rows('station');
  const skillOf = new Map(tasks.map(({ id, skill }) => [id, skill]));
  for (const worker of mesh.rows('worker')) {
    const taken = slots.filter(({ limb }) => limb.isEqual(worker.identity)).length;
    const leases = mesh.rows('lease').filter(({ limb }) => limb.isEqual(worker.identity)).length;
    expect(taken).toBeLessThanOrEqual(Math.max(worker.capacity, leases));
    const own = stations.filter(({ limb }) => limb.isEqual(worker.identity));
    const room = taken >= worker.capacity ? 0 : taken === 0 ? 2 : 1;
    expect(own.every((station) => station.room === room)).toBe(true);
    const serves = limbs.filter(({ identity }) => identity.isEqual(worker.identity));
    expect(own).toHaveLength(worker.isLive ? serves.reduce((sum, { skills }) => sum + skills.length, 0) : 0);
    if (!worker.isLive || taken >= worker.capacity) continue;
    for (const band of mesh.rows('band')) {
      const limb = serves.find(({ tenantId }) => tenantId === band.tenantId);
      const isReady = mesh.rows('lane').some(({ bandId, place }) => bandId === band.id && place !== 0n);
      const may = limb?.skills.includes(band.skill) && (band.target?.isEqual(worker.identity) ?? true);
      const isServable = may && band.labels.every((label) => limb?.labels.includes(label));
      expect([band.id, isReady && isServable === true]).toEqual([band.id, false]);
    }
  }
  for (const { taskId } of slots) expect(skillOf.has(taskId)).toBe(true);
}

function byTask<R extends { readonly taskId: bigint }>(rows: readonly R[]): Map<bigint, R> {
  const map = new Map(rows.map((row) => [row.taskId, row]));
  expect(map.size).toBe(rows.length);
  return map;
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function sorted(held: ReadonlyMap<string, readonly bigint[]>): unknown {
  return [...held].map(([key, ids]) => [key, ids.map(String).sort()]).sort();
}
