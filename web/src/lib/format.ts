import type { Task } from './live/model.ts';
import { texts } from './texts.ts';

type Timestamp = Task['submittedAt'];

/** Milliseconds since the epoch. */
export function millis(timestamp: Timestamp): number {
  return Number(timestamp.microsSinceUnixEpoch / 1000n);
}

/** `340 ms`, `2.4 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  const clamped = Math.max(0, ms);
  if (clamped < 1000) return `${Math.round(clamped)} ms`;
  if (clamped < 59_950) return `${(clamped / 1000).toFixed(1)} s`;
  const seconds = Math.round(clamped / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** In the largest unit of which it is a whole number: `1 d`, `90 min`, `5 s`. */
export function interval(ms: number): string {
  const [unit, unitMs] = intervalUnits.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${(ms / unitMs).toLocaleString()} ${unit}`;
}

const intervalUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A time that runs, in whole seconds: `7 s`, `3 min 05 s`. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** How long ago, in its largest unit. */
export function age(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 2) return texts.age.now;
  if (seconds < 60) return texts.age.seconds(seconds);
  if (seconds < 3600) return texts.age.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return texts.age.hours(Math.floor(seconds / 3600));
  return texts.age.days(Math.floor(seconds / 86_400));
}

/** Within a sentence: `now`, `5 min ago`. */
export function ago(ms: number): string {
  const since = age(ms);
  return since === texts.age.now ? since : texts.age.ago(since);
}

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function timeOfDay(ms: number): string {
  return timeFormat.format(ms);
}

export function dateAndTime(ms: number): string {
  return dateFormat.format(ms);
}

/** A count with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString();
}

/** Millionths of a currency unit as the unit with as many digits as matter. */
export function cost(micros: bigint): string {
  return (Number(micros) / 1_000_000).toLocaleString(undefined, { maximumSignificantDigits: 3 });
}

/** A size in its largest unit: `340 B`, `2.4 KiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let at = 0;
  let size = value;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[at]}`;
}
