import { ScheduleAt, type Timestamp } from 'spacetimedb';
import { emitEvent } from '../events/emit.ts';
import { limits } from '../lib/limits.ts';
import { after, isBefore } from '../lib/time.ts';
import type { Ctx, ScheduleRow } from '../schema.ts';
import { catchUp } from './times.ts';

/** Sets when a schedule is due next, and wakes it then. */
export function arm(ctx: Ctx, schedule: ScheduleRow, nextAt: Timestamp | undefined): void {
  ctx.db.alarm.scheduleId.delete(schedule.id);
  ctx.db.schedule.id.update({ ...schedule, nextAt });
  if (!nextAt) return;
  // A scheduled row waits for about two years at most: a schedule that is due later is woken to wait again.
  const latest = after(ctx.timestamp, limits.aheadMsMax);
  const wakeAt = isBefore(latest, nextAt) ? latest : nextAt;
  ctx.db.alarm.insert({
    id: 0n,
    scheduledAt: ScheduleAt.time(wakeAt.microsSinceUnixEpoch),
    scheduleId: schedule.id,
  });
}

/** Makes the event of a schedule that is due: once, however often it was due while the hub was away. */
export function ring(ctx: Ctx, schedule: ScheduleRow): void {
  const { id, tenantId, name, kind, subject, payload, timing, nextAt: dueAt } = schedule;
  if (!dueAt) return;
  if (isBefore(ctx.timestamp, dueAt)) {
    arm(ctx, schedule, dueAt);
    return;
  }
  const { next, missed } = catchUp(timing, dueAt, ctx.timestamp);
  arm(ctx, { ...schedule, fires: schedule.fires + 1n, firedAt: ctx.timestamp, dueAt, missed }, next);
  const origin = { tag: 'Schedule', value: id } as const;
  emitEvent(ctx, { tenantId, kind, source: `schedule/${name}`, subject, payload, origin });
}

/** Wakes schedules again whose alarm came to nothing, such as while the disk was full. */
export function rearm(ctx: Ctx): void {
  for (const schedule of [...ctx.db.schedule.iter()]) {
    if (!schedule.nextAt || isBefore(ctx.timestamp, after(schedule.nextAt, limits.rearmMs))) continue;
    arm(ctx, schedule, schedule.nextAt);
  }
}
