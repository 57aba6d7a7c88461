import { t } from 'spacetimedb/server';
import spacetimedb from '../schema.ts';
import { limbRow } from '../tables/limbs.ts';
import { offerRow } from '../tables/queue.ts';
import { leaseRow, taskInputRow } from '../tables/tasks.ts';

// What a limb sees: itself, the offers made to it, and the leases it holds with their inputs. Nothing else.

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
