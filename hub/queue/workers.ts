import type { ConnectionId, Identity } from 'spacetimedb';
import { routeOf } from '../lib/routes.ts';
import type { Ctx, LimbRow, WorkerRow } from '../schema.ts';
import { room } from '../tables/limbs.ts';
import { fillSlots, withdrawOffer } from './dispatch.ts';
import { returnTask } from './endings.ts';
import { heard } from './liveness.ts';

/** Lets a connected limb have offers. */
export function bringLive(ctx: Ctx, worker: WorkerRow): void {
  ctx.db.worker.identity.update({ ...worker, isLive: true });
  ctx.db.station.limb.delete(worker.identity);
  for (const limb of [...ctx.db.limb.identity.filter(worker.identity)]) openStations(ctx, limb, worker);
  fillSlots(ctx, worker.identity);
}

/** Shows what a worker can do after its place in a tenant is new or has changed. What other tenants see of it stays as it is. */
export function refresh(ctx: Ctx, limb: LimbRow): void {
  const worker = ctx.db.worker.identity.find(limb.identity);
  if (worker?.isLive) {
    closeStations(ctx, limb);
    openStations(ctx, limb, worker);
    fillSlots(ctx, worker.identity);
  } else if (worker) ctx.db.limb.id.update({ ...limb, ...allowedOf(limb, worker) });
}

/** Takes a worker out of a tenant: what it holds and is offered there goes to others. */
export function dismiss(ctx: Ctx, limb: LimbRow): void {
  const { identity, tenantId } = limb;
  closeStations(ctx, limb);
  // Before anything is given back, which it would be offered again.
  ctx.db.limb.id.delete(limb.id);
  for (const offer of newestFirst(ctx.db.offer.limb.filter(identity))) {
    if (offer.tenantId === tenantId) withdrawOffer(ctx, offer.taskId);
  }
  for (const lease of newestFirst(ctx.db.lease.limb.filter(identity))) {
    if (lease.tenantId !== tenantId) continue;
    returnTask(ctx, lease, { outcome: 'Lost', error: `the limb ${limb.name} was revoked` });
  }
  if ([...ctx.db.limb.identity.filter(identity)].length > 0) {
    fillSlots(ctx, identity);
    return;
  }
  const connection = ctx.db.worker.identity.find(identity)?.connection;
  if (connection) heard(connection);
  ctx.db.worker.identity.delete(identity);
}

/** Stops offering to a limb that has gone or fallen silent; what it was offered goes to others. Its leases stay. */
export function takeOff(ctx: Ctx, worker: WorkerRow, connection: ConnectionId | undefined): void {
  if (worker.connection) heard(worker.connection);
  const gone = { ...worker, connection, isLive: false };
  ctx.db.worker.identity.update(gone);
  ctx.db.station.limb.delete(worker.identity);
  for (const limb of [...ctx.db.limb.identity.filter(worker.identity)]) showLimb(ctx, limb, gone, false);
  for (const { taskId } of newestFirst(ctx.db.offer.limb.filter(worker.identity))) withdrawOffer(ctx, taskId);
}

/** Gives all tasks of a limb that was lost to others. `how` it was lost follows its name. */
export function loseLeases(ctx: Ctx, identity: Identity, how: string): void {
  for (const lease of newestFirst(ctx.db.lease.limb.filter(identity))) {
    returnTask(ctx, lease, { outcome: 'Lost', error: `the limb ${limbName(ctx, identity, lease.tenantId)} ${how}` });
  }
}

/** Each goes to the front of its lane, so the oldest is first again in the end. */
function newestFirst<Row extends { readonly taskId: bigint }>(rows: Iterable<Row>): Row[] {
  return [...rows].sort((a, b) => (a.taskId < b.taskId ? 1 : -1));
}

/** What people call a worker in the tenant of a task. */
export function limbName(ctx: Ctx, identity: Identity, tenantId: bigint): string {
  for (const limb of ctx.db.limb.identity.filter(identity)) if (limb.tenantId === tenantId) return limb.name;
  return identity.toHexString().slice(0, 16);
}

function showLimb(ctx: Ctx, limb: LimbRow, worker: WorkerRow, online: boolean): LimbRow {
  return ctx.db.limb.id.update({
    ...limb,
    ...allowedOf(limb, worker),
    online,
    connection: worker.connection,
    seenAt: ctx.timestamp,
  });
}

/** What the tenant lets a worker do here, of what it can. */
function allowedOf({ allowedSkills, capacityMax }: LimbRow, worker: WorkerRow): Pick<LimbRow, 'skills' | 'capacity'> {
  return {
    skills: worker.skills.filter((skill) => allowedSkills.length === 0 || allowedSkills.includes(skill)),
    capacity: capacityMax === 0 ? worker.capacity : Math.min(worker.capacity, capacityMax),
  };
}

/** Shows a live worker to a tenant, and where those look for it who have work for it. It has room when its slots have been filled. */
function openStations(ctx: Ctx, limb: LimbRow, worker: WorkerRow): void {
  const known = showLimb(ctx, limb, worker, true);
  for (const skill of known.skills) {
    ctx.db.station.insert({
      id: 0n,
      limb: known.identity,
      limbId: known.id,
      tenantId: known.tenantId,
      route: routeOf(known.tenantId, skill),
      room: room.none,
    });
  }
  withdrawUnsuitable(ctx, known);
}

function closeStations(ctx: Ctx, { id, identity }: LimbRow): void {
  for (const station of [...ctx.db.station.limb.filter(identity)]) {
    if (station.limbId === id) ctx.db.station.id.delete(station.id);
  }
}

/** A limb that can do less than before is not offered what it cannot do any more. */
function withdrawUnsuitable(ctx: Ctx, limb: LimbRow): void {
  const mayHave = !limb.isDraining && limb.capacity > 0;
  for (const offer of newestFirst(ctx.db.offer.limb.filter(limb.identity))) {
    if (offer.tenantId !== limb.tenantId) continue;
    const terms = ctx.db.taskInput.taskId.find(offer.taskId)?.terms;
    const isLabelled = terms?.labels.every((label) => limb.labels.includes(label));
    if (!mayHave || !limb.skills.includes(offer.skill) || !isLabelled) withdrawOffer(ctx, offer.taskId);
  }
}
