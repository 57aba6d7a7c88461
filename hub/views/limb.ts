import { t } from 'spacetimedb/server';
import spacetimedb, { leaseRow, limbRow, offerRow, taskInputRow } from '../schema.ts';

// What a limb sees: itself, the offers of its own lanes, and the leases it holds with their inputs. Nothing else.

export const self = spacetimedb.view({ name: 'self', public: true }, t.array(limbRow), (ctx) =>
  ctx.from.limb.where((limb) => limb.identity.eq(ctx.sender)),
);

export const offers = spacetimedb.view({ name: 'offers', public: true }, t.array(offerRow), (ctx) =>
  ctx.from.laneAccess
    .where((access) => access.limb.eq(ctx.sender))
    .rightSemijoin(ctx.from.offer, (access, offer) => access.lane.eq(offer.lane)),
);

export const leases = spacetimedb.view({ name: 'leases', public: true }, t.array(leaseRow), (ctx) =>
  ctx.from.lease.where((lease) => lease.limb.eq(ctx.sender)),
);

export const leaseInputs = spacetimedb.view({ name: 'lease_inputs', public: true }, t.array(taskInputRow), (ctx) =>
  ctx.from.lease
    .where((lease) => lease.limb.eq(ctx.sender))
    .rightSemijoin(ctx.from.taskInput, (lease, input) => lease.taskId.eq(input.taskId)),
);
