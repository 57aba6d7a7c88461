import { ScheduleAt } from 'spacetimedb';
import { limits } from '../lib/limits.ts';
import { isBefore } from '../lib/time.ts';
import { loseLeases, takeOff } from '../queue/workers.ts';
import { rearm } from '../schedules/alarms.ts';
import spacetimedb from '../schema.ts';
import { graceTable, sweepTable } from '../tables/clocks.ts';
import { compactStep } from './keeping.ts';
import { addTenant } from './tenants.ts';
import { forgetTries } from './tries.ts';

const sweepEveryMicros = 60_000_000n;

/** Whoever creates the hub owns its first tenant. */
export const init = spacetimedb.init((ctx) => {
  addTenant(ctx, 'local', 'local owner');
  ctx.db.sweep.insert({ id: 0n, scheduledAt: ScheduleAt.interval(sweepEveryMicros) });
  ctx.db.pulse.insert({ id: 0n, scheduledAt: ScheduleAt.interval(BigInt(limits.pulseMs) * 1000n) });
});

/** A limb that has gone away gets nothing more, and a moment to come back to the tasks that it holds. */
export const onDisconnect = spacetimedb.clientDisconnected((ctx) => {
  const worker = ctx.db.worker.identity.find(ctx.sender);
  if (!worker?.connection || !ctx.connectionId?.isEqual(worker.connection)) return;
  takeOff(ctx, worker, undefined);
  if ([...ctx.db.lease.limb.filter(ctx.sender)].length === 0) return;
  const grace = ScheduleAt.interval(BigInt(limits.graceMs) * 1000n);
  ctx.db.grace.insert({ id: 0n, scheduledAt: grace, limb: ctx.sender });
});

export const endGrace = spacetimedb.reducer({ onSchedule: graceTable }, { row: graceTable.rowType }, (ctx, { row }) => {
  ctx.db.grace.id.delete(row.id);
  loseLeases(ctx, row.limb, 'went away');
});

export const sweep = spacetimedb.reducer({ onSchedule: sweepTable }, { row: sweepTable.rowType }, (ctx) => {
  for (const invite of [...ctx.db.invite.iter()]) {
    if (!isBefore(invite.expiresAt, ctx.timestamp)) continue;
    ctx.db.invite.handle.delete(invite.handle);
    forgetTries(invite.handle);
  }
  rearm(ctx);
  if (ctx.db.compact.count() === 0n) compactStep(ctx);
});
