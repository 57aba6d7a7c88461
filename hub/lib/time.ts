import { Timestamp } from 'spacetimedb';

export function after(timestamp: Timestamp, ms: number): Timestamp {
  return new Timestamp(timestamp.microsSinceUnixEpoch + BigInt(ms) * 1000n);
}

export function isBefore(a: Timestamp, b: Timestamp): boolean {
  return a.microsSinceUnixEpoch < b.microsSinceUnixEpoch;
}

/** From `start` to `end`, 0 when the clock has gone back, at most what fits into 32 bits. */
export function elapsedMs(start: Timestamp, end: Timestamp): number {
  const ms = Number((end.microsSinceUnixEpoch - start.microsSinceUnixEpoch) / 1000n);
  return Math.min(0xffff_ffff, Math.max(0, ms));
}

export const dayMs = 86_400_000;
export const dayMicros = BigInt(dayMs) * 1000n;

/** The day of a time by UTC, as `2026-11-21`. */
export function dayOf(at: Timestamp): string {
  return at.toDate().toISOString().slice(0, 10);
}
