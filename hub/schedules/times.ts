import { Cron } from 'croner';
import { Timestamp } from 'spacetimedb';
import { limits } from '../lib/limits.ts';
import { after, isBefore } from '../lib/time.ts';
import type { ScheduleRow } from '../schema.ts';

export type Timing = ScheduleRow['timing'];

/**
 * The first time after `start` that a schedule is due; none when it never is again. A time that clocks skip in spring is due
 * when they go on, one that comes twice in autumn is due the first time.
 */
export function nextAfter(timing: Timing, start: Timestamp): Timestamp | undefined {
  switch (timing.tag) {
    case 'Once':
      return isBefore(start, timing.value) ? timing.value : undefined;
    case 'EveryMs':
      return after(start, Number(timing.value));
    case 'Cron': {
      const next = cronOf(timing.value.pattern, timing.value.timeZone).nextRun(start.toDate());
      return next === null ? undefined : Timestamp.fromDate(next);
    }
  }
}

export interface Due {
  readonly next: Timestamp | undefined;
  /** How many times between `due` and now have passed without an event. */
  readonly missed: number;
}

/** What comes after a time that was due, which may lie back while the hub was away. */
export function catchUp(timing: Timing, due: Timestamp, now: Timestamp): Due {
  if (timing.tag === 'EveryMs') {
    const ms = timing.value * 1000n;
    const passed = (now.microsSinceUnixEpoch - due.microsSinceUnixEpoch) / ms;
    const missed = Number(passed > BigInt(limits.missedMax) ? BigInt(limits.missedMax) : passed);
    return { next: new Timestamp(due.microsSinceUnixEpoch + (passed + 1n) * ms), missed };
  }
  let next = nextAfter(timing, due);
  let missed = 0;
  while (next && !isBefore(now, next)) {
    missed += 1;
    // Further ones are not counted.
    next = nextAfter(timing, missed < limits.missedMax ? next : now);
  }
  return { next, missed };
}

/** @throws when the pattern is not five fields of a crontab, or there is no such time zone */
export function cronOf(pattern: string, timezone: string): Cron {
  return new Cron(pattern, { timezone, paused: true, mode: '5-part' });
}
