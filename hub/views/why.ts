import { t } from 'spacetimedb/server';
import { heldReason, reasonOf } from '../lib/reason.ts';
import { holdersOf } from '../queue/concurrency.ts';
import { takenSlots } from '../queue/slots.ts';
import spacetimedb from '../schema.ts';
import { queueEntryRow, waitReasonRow } from '../tables/queue.ts';
import { memberships } from './memberships.ts';

// Why a queued task is not running. Its queue entry says so itself while it waits for its time or a budget, or is offered;
// otherwise it stands in a lane, whose tasks all wait for the same reason.

export const queue = spacetimedb.view({ name: 'queue', public: true }, t.array(queueEntryRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.queueEntry, (member, entry) => member.tenantId.eq(entry.tenantId)),
);

/** Tells little, however much waits: it runs again whenever the queue changes. */
export const waitReasons = spacetimedb.view({ name: 'wait_reasons', public: true }, t.array(waitReasonRow), (ctx) => {
  const found = [];
  for (const { tenantId } of ctx.db.member.identity.filter(ctx.sender)) {
    const limbs = [...ctx.db.limb.tenantId.filter(tenantId)].map((limb) => ({
      limb,
      taken: takenSlots(ctx, limb.identity),
    }));
    for (const band of ctx.db.band.tenantId.filter(tenantId)) {
      found.push({ key: `band/${band.id}`, tenantId, ...reasonOf({ band, limbs }) });
      // Lanes without a place wait for their key.
      for (const { id, concurrency } of ctx.db.lane.byPlace.filter([band.id, 0n])) {
        const holders = holdersOf(ctx, concurrency);
        if (holders.length === 0) continue;
        const key = concurrency.slice(concurrency.indexOf('/') + 1);
        found.push({ key: `lane/${id}`, tenantId, ...heldReason(key, holders) });
      }
    }
  }
  return found;
});
