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
  closeStations(ctx, worker.identity);
  for (const limb of [...ctx.db.limb.identity.filter(worker.identity)]) {
    const known = showLimb(ctx, limb, worker, true);
    for (const skill of known.skills) {
      ctx.db.station.insert({
        id: 0n,
        limb: worker.identity,
        limbId: limb.id,
        tenantId: limb.tenantId,
        route: routeOf(limb.tenantId, skill),
        room: room.none,
      });
    }
  }
  withdrawUnsuitable(ctx, worker.identity);
  fillSlots(ctx, worker.identity);
}

/** Shows what a worker can do after its place in a tenant is new or has changed; one that is silent only this tenant sees anew. */
export function refresh(ctx: Ctx, limb: LimbRow): void {
  const worker = ctx.db.worker.identity.find(limb.identity);
  if (worker?.isLive) bringLive(ctx, worker);
  else if (worker) ctx.db.limb.id.update({ ...limb, ...allowedOf(limb, worker) });
}

/** Stops offering to a limb that has gone or fallen silent; what it was offered goes to others. Its leases stay. */
export function takeOff(ctx: Ctx, worker: WorkerRow, connection: ConnectionId | undefined): void {
  if (worker.connection) heard(worker.connection);
  const gone = { ...worker, connection, isLive: false };
  ctx.db.worker.identity.update(gone);
  closeStations(ctx, worker.identity);
  for (const limb of [...ctx.db.limb.identity.filter(worker.identity)]) showLimb(ctx, limb, gone, false);
  for (const { taskId } of [...ctx.db.offer.limb.filter(worker.identity)]) withdrawOffer(ctx, taskId);
}

/** Gives all tasks of a limb that was lost to others. `how` it was lost follows its name. */
export function loseLeases(ctx: Ctx, identity: Identity, how: string): void {
  for (const lease of [...ctx.db.lease.limb.filter(identity)]) {
    returnTask(ctx, lease, { outcome: 'Lost', error: `the limb ${limbName(ctx, identity, lease.tenantId)} ${how}` });
  }
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

function closeStations(ctx: Ctx, identity: Identity): void {
  ctx.db.station.limb.delete(identity);
}

/** A limb that can do less than before is not offered what it cannot do any more. */
function withdrawUnsuitable(ctx: Ctx, identity: Identity): void {
  const limbs = [...ctx.db.limb.identity.filter(identity)];
  for (const offer of [...ctx.db.offer.limb.filter(identity)]) {
    const limb = limbs.find(({ tenantId }) => tenantId === offer.tenantId);
    const terms = ctx.db.taskInput.taskId.find(offer.taskId)?.terms;
    const isLabelled = terms?.labels.every((label) => limb?.labels.includes(label));
    const mayHave = limb !== undefined && !limb.isDraining && limb.capacity > 0;
    if (!mayHave || !limb.skills.includes(offer.skill) || !isLabelled) withdrawOffer(ctx, offer.taskId);
  }
}
