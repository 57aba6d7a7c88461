import type { Timestamp } from 'spacetimedb';
import { limits } from '../lib/limits.ts';

// How often limbs tell something of their tasks. What is streamed leaves no row, so reports are counted in the module's
// memory: it bounds how much one limb makes the hub send to those who look on, and nothing else depends on it.

const secondMicros = 1_000_000n;
let second = 0n;
const reports = new Map<bigint, number>();

/** Counts one more report of a task; true when there were too many in this second before it. */
export function isTooFast(taskId: bigint, { microsSinceUnixEpoch }: Timestamp): boolean {
  const now = microsSinceUnixEpoch / secondMicros;
  if (now !== second) reports.clear();
  second = now;
  const count = reports.get(taskId) ?? 0;
  if (count >= limits.reportsPerSecondMax) return true;
  reports.set(taskId, count + 1);
  return false;
}
