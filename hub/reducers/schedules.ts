import { SenderError, t } from 'spacetimedb/server';
import { requireEvent } from '../events/emit.ts';
import { timeZoneOf } from '../keeping/policy.ts';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
import { arm, ring } from '../schedules/alarms.ts';
import { nextAfter } from '../schedules/times.ts';
import { requireTiming } from '../schedules/timing.ts';
import spacetimedb, { type Ctx, type ScheduleRow } from '../schema.ts';
import { alarmTable, ScheduleTiming } from '../tables/schedules.ts';
import { requireMember, requireOwn } from './access.ts';

/** Makes an event whenever it is time: by a crontab and the clocks of a place, without a name those of the tenant, every so many milliseconds, or once. */
export const createSchedule = spacetimedb.reducer(
  { name: 'create_schedule' },
  {
    tenantId: t.u64(),
    name: t.string(),
    timing: ScheduleTiming,
    kind: t.string(),
    subject: t.string(),
    payload: t.string(),
  },
  (ctx, { tenantId, ...given }) => {
    requireMember(ctx, tenantId, 'Operator');
    const name = requireText('name', given.name, limits.nameCharsMax);
    const timing = requireTiming(given.timing, ctx.timestamp, timeZoneOf(ctx, tenantId));
    const origin = { tag: 'Schedule', value: 0n } as const;
    const { kind, subject, payload } = requireEvent({ ...given, tenantId, source: `schedule/${name}`, origin });
    const schedules = [...ctx.db.schedule.tenantId.filter(tenantId)];
    if (schedules.some((schedule) => schedule.name === name)) {
      throw new SenderError(`name-taken: there is a schedule ${name} already; choose another name, or delete that one`);
    }
    if (schedules.length >= limits.schedulesMax) {
      throw new SenderError(
        `too-many-schedules: the tenant has ${limits.schedulesMax} schedules, the most that are allowed; delete one first`,
      );
    }
    const schedule = ctx.db.schedule.insert({
      ...{ id: 0n, tenantId, name, timing, kind, subject, payload },
      isPaused: false,
      createdBy: ctx.sender,
      createdAt: ctx.timestamp,
      nextAt: undefined,
      fires: 0n,
      firedAt: undefined,
      dueAt: undefined,
      missed: 0,
    });
    arm(ctx, schedule, nextAfter(timing, ctx.timestamp));
  },
);

/** Lets a schedule rest, or go on with the next time that it is due from now. */
export const pauseSchedule = spacetimedb.reducer(
  { name: 'pause_schedule' },
  { scheduleId: t.u64(), isPaused: t.bool() },
  (ctx, { scheduleId, isPaused }) => {
    const schedule = requireSchedule(ctx, scheduleId);
    if (schedule.isPaused === isPaused) return;
    const next = isPaused ? undefined : nextAfter(schedule.timing, ctx.timestamp);
    if (!isPaused && !next) {
      throw new SenderError(`schedule-over: the time of schedule ${scheduleId} has passed; make another one`);
    }
    arm(ctx, { ...schedule, isPaused }, next);
  },
);

/** Ends a schedule. The events that it has made stay. */
export const deleteSchedule = spacetimedb.reducer(
  { name: 'delete_schedule' },
  { scheduleId: t.u64() },
  (ctx, { scheduleId }) => {
    requireSchedule(ctx, scheduleId);
    ctx.db.schedule.id.delete(scheduleId);
    ctx.db.alarm.scheduleId.delete(scheduleId);
  },
);

export const onAlarm = spacetimedb.reducer({ onSchedule: alarmTable }, { row: alarmTable.rowType }, (ctx, { row }) => {
  const schedule = ctx.db.schedule.id.find(row.scheduleId);
  if (schedule) ring(ctx, schedule);
});

function requireSchedule(ctx: Ctx, id: bigint): ScheduleRow {
  return requireOwn(ctx, { what: 'schedule', id, row: ctx.db.schedule.id.find(id), atLeast: 'Operator' }).row;
}
