import { dayMs } from './time.ts';

// The clocks of places, by the names of the IANA: `Europe/Berlin`. Empty stands for UTC.

/** Making one takes longer than using it many times; there are some 600 zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What clocks there show at a moment: `2026-11-21T23:59:59`. */
export function localTimeOf(atMs: number, timeZone: string): string {
  return new Date(clockMs(atMs, timeZone)).toISOString().slice(0, 19);
}

/** The day that the calendar shows there at a moment, counted from 1970. */
export function localDayOf(atMs: number, timeZone: string): number {
  return Math.floor(clockMs(atMs, timeZone) / dayMs);
}

/** The moment at which clocks by UTC show what clocks there show now, to the second. */
function clockMs(atMs: number, timeZone: string): number {
  if (timeZone === '') return atMs;
  const shown = new Map(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}
