import { t } from 'spacetimedb/server';
import { reasonOf } from '../lib/reason.ts';
import spacetimedb, { type LimbRow } from '../schema.ts';
import { laneReasonRow, queueEntryRow } from '../tables/queue.ts';

// Why a queued task is not running. Its queue entry says so itself while it waits for its time or a budget, or is offered;
// otherwise it stands in a lane, whose tasks all wait for the same reason.

export const queue = spacetimedb.view({ name: 'queue', public: true }, t.array(queueEntryRow), (ctx) =>
  ctx.from.member
    .where((member) => member.identity.eq(ctx.sender))
    .rightSemijoin(ctx.from.queueEntry, (member, entry) => member.tenantId.eq(entry.tenantId)),
);

export const laneReasons = spacetimedb.view({ name: 'lane_reasons', public: true }, t.array(laneReasonRow), (ctx) => {
  const slotsOf = (limb: LimbRow): number => {
    const taken = [...ctx.db.lease.limb.filter(limb.identity), ...ctx.db.offer.limb.filter(limb.identity)];
    return taken.length;
  };
  const found = [];
  for (const { tenantId } of ctx.db.member.identity.filter(ctx.sender)) {
    const limbs = [...ctx.db.limb.tenantId.filter(tenantId)].map((limb) => ({ limb, taken: slotsOf(limb) }));
    for (const lane of ctx.db.lane.tenantId.filter(tenantId)) {
      const band = ctx.db.band.id.find(lane.bandId);
      if (!band) continue;
      const holders = lane.place === 0n ? (ctx.db.concurrency.key.find(lane.concurrency)?.holders ?? []) : [];
      const key = lane.concurrency.slice(lane.concurrency.indexOf('/') + 1);
      found.push({ laneId: lane.id, tenantId, ...reasonOf({ band, key, holders, limbs }) });
    }
  }
  return found;
});
