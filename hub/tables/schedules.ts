import { t, table } from 'spacetimedb/server';

/** Five fields, as in a crontab, by the clocks of a place. */
export const CronTiming = t.object('CronTiming', { pattern: t.string(), timeZone: t.string() });

/** When a schedule is due: by a crontab, every so many milliseconds, or once. */
export const ScheduleTiming = t.enum('ScheduleTiming', {
  Cron: CronTiming,
  EveryMs: t.u64(),
  Once: t.timestamp(),
});

/** Makes an event whenever it is due. */
export const scheduleRow = t.row('Schedule', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  name: t.string(),
  timing: ScheduleTiming,
  /** Of the events. */
  kind: t.string(),
  subject: t.string(),
  payload: t.string(),
  isPaused: t.bool(),
  createdBy: t.identity(),
  createdAt: t.timestamp(),
  /** None while it is paused, and when it is over. */
  nextAt: t.option(t.timestamp()),
  /** How often it has made an event. */
  fires: t.u64(),
  /** When it last did, and when that was due: later when the hub was away. */
  firedAt: t.option(t.timestamp()),
  dueAt: t.option(t.timestamp()),
  /** How many more times it had been due before that, while the hub was away; at most 100 are counted. */
  missed: t.u32(),
});

/** Wakes a schedule. */
export const alarmTable = table(
  { name: 'alarm' },
  t.row('Alarm', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    scheduleId: t.u64().index('btree'),
  }),
);
