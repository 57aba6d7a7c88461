import { t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import spacetimedb from '../schema.ts';
import { limbRow } from '../tables/limbs.ts';
import { offerRow } from '../tables/queue.ts';
import { leaseRow, taskInputRow } from '../tables/tasks.ts';
import { earlierTurnRow } from '../tables/threads.ts';

// What a limb sees: itself, the offers made to it, and the leases it holds with their inputs and the earlier turns of their
// conversations. Nothing else.

export const self = spacetimedb.view({ name: 'self', public: true }, t.array(limbRow), (ctx) =>
  ctx.from.limb.where((limb) => limb.identity.eq(ctx.sender)),
);

export const offers = spacetimedb.view({ name: 'offers', public: true }, t.array(offerRow), (ctx) =>
  ctx.from.offer.where((offer) => offer.limb.eq(ctx.sender)),
);

/** Pings are seen by the limb that they are for. */
export const pingRule = spacetimedb.clientVisibilityFilter.sql('SELECT * FROM ping WHERE limb = :sender');

export const leases = spacetimedb.view({ name: 'leases', public: true }, t.array(leaseRow), (ctx) =>
  ctx.from.lease.where((lease) => lease.limb.eq(ctx.sender)),
);

export const leaseInputs = spacetimedb.view({ name: 'lease_inputs', public: true }, t.array(taskInputRow), (ctx) =>
  ctx.from.lease
    .where((lease) => lease.limb.eq(ctx.sender))
    .rightSemijoin(ctx.from.taskInput, (lease, input) => lease.taskId.eq(input.taskId)),
);

export const leaseHistory = spacetimedb.view(
  { name: 'lease_history', public: true },
  t.array(earlierTurnRow),
  (ctx) => {
    const rows = [];
    for (const { taskId } of ctx.db.lease.limb.filter(ctx.sender)) {
      const turn = ctx.db.threadTurn.taskId.find(taskId);
      if (!turn) continue;
      const earlier = [...ctx.db.threadTurn.thread.filter(turn.thread)]
        .map((other) => other.taskId)
        .filter((id) => id < taskId)
        .sort(ascending)
        .slice(-limits.earlierTurnsMax);
      for (const earlierTaskId of earlier) {
        const input = ctx.db.taskInput.taskId.find(earlierTaskId);
        const summary = ctx.db.summary.taskId.find(earlierTaskId);
        if (!input || !summary) continue;
        const feedback = ctx.db.feedback.taskId.find(earlierTaskId);
        const answer = feedback?.verdict.tag === 'Corrected' ? feedback.text : summary.body.text;
        rows.push({ taskId, earlierTaskId, input: input.input, answer });
      }
    }
    return rows;
  },
);
