import type { Timestamp } from 'spacetimedb';
import { SenderError } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { after, isBefore } from '../lib/time.ts';
import { isTimeZone } from '../lib/time-zone.ts';
import { cronOf, nextAfter, type Timing } from './times.ts';

/**
 * A timing as it is kept; a crontab without a time zone goes by `ownTimeZone`.
 * @throws SenderError that says what is wrong with it
 */
export function requireTiming(timing: Timing, now: Timestamp, ownTimeZone: string): Timing {
  switch (timing.tag) {
    case 'Once':
      if (!isBefore(now, timing.value))
        throw new SenderError('invalid-timing: that time has passed; choose a later one');
      if (isBefore(after(now, limits.aheadMsMax), timing.value)) {
        throw new SenderError('invalid-timing: that time is more than a year ahead; choose an earlier one');
      }
      return timing;
    case 'EveryMs':
      if (timing.value < BigInt(limits.intervalMsMin) || timing.value > BigInt(limits.aheadMsMax)) {
        throw new SenderError(
          `invalid-timing: every ${timing.value} ms is not between ${limits.intervalMsMin} ms and a year; choose another interval`,
        );
      }
      return timing;
    case 'Cron': {
      const pattern = timing.value.pattern.trim().replace(/\s+/g, ' ');
      const timeZone = timing.value.timeZone.trim() || ownTimeZone || 'UTC';
      const cron: Timing = { tag: 'Cron', value: { pattern, timeZone } };
      requireTimeZone(timeZone);
      requirePattern(pattern);
      if (!nextAfter(cron, now)) throw new SenderError(`invalid-timing: ${pattern} is never due; check day and month`);
      return cron;
    }
  }
}

function requireTimeZone(timeZone: string): void {
  if (isTimeZone(timeZone)) return;
  throw new SenderError(
    `invalid-timing: ${JSON.stringify(timeZone)} is not a time zone; name one such as Europe/Berlin, or UTC`,
  );
}

function requirePattern(pattern: string): void {
  try {
    if (pattern.length > limits.keyCharsMax) throw new RangeError('it is too long');
    cronOf(pattern, 'UTC');
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    throw new SenderError(
      `invalid-timing: ${JSON.stringify(pattern)} is not five fields of minute, hour, day, month and weekday: ${why}; write it as 0 9 * * 1-5`,
    );
  }
}
