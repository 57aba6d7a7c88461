import type { Identity } from 'spacetimedb';
import type { BandRow, Ctx, LimbRow, ViewCtx, WorkerRow } from '../schema.ts';
import { room } from '../tables/limbs.ts';

// A limb has as many slots as its capacity; each offer and each lease takes one. They are counted when they are needed,
// so that none can be lost.

/** How many slots of a limb are taken: by the tasks of one tenant, or of all. */
export function takenSlots(ctx: Pick<ViewCtx, 'db'>, limb: Identity, tenantId?: bigint): number {
  let taken = 0;
  for (const held of [ctx.db.lease.limb.filter(limb), ctx.db.offer.limb.filter(limb)]) {
    for (const row of held) if (tenantId === undefined || row.tenantId === tenantId) taken++;
  }
  return taken;
}

/** Whether the worker may get one more task at all. */
export function hasSlot(ctx: Ctx, worker: WorkerRow): boolean {
  return worker.isLive && takenSlots(ctx, worker.identity) < worker.capacity;
}

/** Whether the limb may get one more task of its tenant, and has what the tasks of the band ask for. */
export function suits(ctx: Ctx, limb: LimbRow, band: Pick<BandRow, 'labels'>): boolean {
  if (limb.isDraining) return false;
  if (!band.labels.every((label) => limb.labels.includes(label))) return false;
  return limb.capacityMax === 0 || takenSlots(ctx, limb.identity, limb.tenantId) < limb.capacityMax;
}

/** `noteRoom` of a limb, if it is there. */
export function noteRoomOf(ctx: Ctx, limb: Identity): void {
  const worker = ctx.db.worker.identity.find(limb);
  if (worker) noteRoom(ctx, worker, takenSlots(ctx, limb));
}

/** Notes how much room a limb with so many slots taken has where those who look for one find it. */
export function noteRoom(ctx: Ctx, { identity, capacity }: WorkerRow, taken: number): void {
  const now = taken >= capacity ? room.none : taken === 0 ? room.all : room.some;
  for (const station of [...ctx.db.station.limb.filter(identity)]) {
    if (station.room !== now) ctx.db.station.id.update({ ...station, room: now });
  }
}

/** The limbs with room on a route, the idle ones first. */
export function* limbsWithRoom(ctx: Ctx, route: string): Generator<LimbRow> {
  for (const some of [room.all, room.some]) {
    for (const station of ctx.db.station.byRoom.filter([route, some])) {
      const limb = ctx.db.limb.id.find(station.limbId);
      if (limb) yield limb;
    }
  }
}
