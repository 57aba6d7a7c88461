import type { Identity } from 'spacetimedb';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import { after, isBefore } from '../lib/time.ts';
import { fillSlots, withdrawOffer } from '../queue/dispatch.ts';
import { isSilent } from '../queue/liveness.ts';
import { loseLeases, takeOff } from '../queue/workers.ts';
import spacetimedb, { type Ctx } from '../schema.ts';
import { pulseTable } from '../tables/clocks.ts';
import { beginSecond } from './report-rate.ts';

/** Asks the limbs that hold tasks whether they are there, and takes the tasks from those that do not answer. */
export const pulse = spacetimedb.reducer({ onSchedule: pulseTable }, { row: pulseTable.rowType }, (ctx) => {
  beginSecond();
  for (const limb of holders(ctx)) {
    const worker = ctx.db.worker.identity.find(limb);
    // One whose connection ended has its grace.
    if (!worker?.connection) continue;
    if (!isSilent(worker.connection)) {
      ctx.db.ping.insert({ limb });
      continue;
    }
    // It stays announced: when it answers after all, it is live again.
    if (worker.isLive) takeOff(ctx, worker, worker.connection);
    loseLeases(ctx, limb, 'fell silent');
    ctx.db.ping.insert({ limb });
  }
  passOn(ctx);
});

/** Makes an offer that its limb does not take to others; the oldest first, whatever else has been offered. */
function passOn(ctx: Ctx): void {
  const due = [...ctx.db.offer.iter()].filter(
    ({ offeredAt }) => !isBefore(ctx.timestamp, after(offeredAt, limits.offerMsMax)),
  );
  for (const offer of due.sort((a, b) => ascending(a.taskId, b.taskId))) {
    withdrawOffer(ctx, offer.taskId);
    fillSlots(ctx, offer.limb);
  }
}

/** In an order that does not go by what others hold. */
function holders(ctx: Ctx): Identity[] {
  const found = new Map<string, Identity>();
  for (const { limb } of ctx.db.lease.iter()) found.set(limb.toHexString(), limb);
  for (const { limb } of ctx.db.offer.iter()) found.set(limb.toHexString(), limb);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, limb]) => limb);
}
