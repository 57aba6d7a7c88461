import { t, table } from 'spacetimedb/server';

export const TimerKind = t.enum('TimerKind', ['Ready', 'Deadline']);

/** Wakes a task when its time has come. */
export const timerTable = table(
  { name: 'timer' },
  t.row('Timer', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    taskId: t.u64().index('btree'),
    kind: TimerKind,
  }),
);

/**
 * Ends the time that a limb has to come back before its tasks go to others. Its rows are intervals, which pass whatever
 * becomes of the wall clock, and each is gone when it has fired or the limb is back.
 */
export const graceTable = table(
  { name: 'grace' },
  t.row('Grace', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    limb: t.identity().index('btree'),
  }),
);

/** Its one row is the hub's pulse: limbs that hold tasks are asked whether they are there, and a second begins. */
export const pulseTable = table(
  { name: 'pulse' },
  t.row('Pulse', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
  }),
);

/** The next step of the compaction of finished tasks, while there is more to do at once. */
export const compactTable = table(
  { name: 'compact' },
  t.row('Compact', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
  }),
);

/** Its one row is the hub's broom: expired invites go, lost alarms come back, and the compaction of finished tasks begins. */
export const sweepTable = table(
  { name: 'sweep' },
  t.row('Sweep', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
  }),
);
