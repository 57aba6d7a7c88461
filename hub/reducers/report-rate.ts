import { limits } from '../lib/limits.ts';

// How often limbs tell something of their tasks. What is streamed leaves no row, so reports are counted in the module's
// memory: it bounds how much one limb makes the hub send to those who look on, and nothing else depends on it. The pulse
// tells the seconds, because a clock on the wall that was set back would stay in one.

const reports = new Map<bigint, number>();

/** Counts one more report of a task; true when there were too many in this second before it. */
export function isTooFast(taskId: bigint): boolean {
  const count = reports.get(taskId) ?? 0;
  if (count >= limits.reportsPerSecondMax) return true;
  reports.set(taskId, count + 1);
  return false;
}

export function beginSecond(): void {
  reports.clear();
}
