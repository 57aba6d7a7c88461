import { millis } from '../format.ts';
import { isFinished, type Task } from '../live/model.ts';

/** What a limb has done lately, from the tasks that it worked on last. */
export interface LimbRecord {
  /** What it works on at this moment, oldest first. */
  readonly current: readonly Task[];
  /** Of its latest tasks: how long one waited for it, and how long it worked on one; undefined while it has none. */
  readonly waitMs: number | undefined;
  readonly workMs: number | undefined;
  /** Tasks that ended in each of the last minutes, oldest first. */
  readonly ended: readonly number[];
}

const latestMax = 50;
/** How many minutes a sparkline shows. */
export const minutesShown = 30;
const minuteMs = 60_000;

/** @param tasks newest first */
export function recordOf(tasks: readonly Task[], limbHex: string, nowMs: number): LimbRecord {
  const own = tasks.filter(({ limb }) => limb?.toHexString() === limbHex);
  const current = own.filter(({ state }) => state.tag === 'Claimed' || state.tag === 'Running').toReversed();
  const finished = own.filter(({ state }) => isFinished(state.tag));
  const latest = finished.slice(0, latestMax);
  const ended = Array.from({ length: minutesShown }, () => 0);
  const thisMinute = Math.floor(nowMs / minuteMs);
  for (const { finishedAt } of finished) {
    if (finishedAt === undefined) continue;
    const at = minutesShown - 1 - (thisMinute - Math.floor(millis(finishedAt) / minuteMs));
    const count = ended[at];
    if (count !== undefined) ended[at] = count + 1;
  }
  return {
    current,
    // A task that was tried before has waited for other reasons too.
    waitMs: median(
      latest.filter(({ attempt }) => attempt === 1).flatMap((task) => span(task.submittedAt, task.claimedAt)),
    ),
    workMs: median(latest.flatMap((task) => span(task.claimedAt, task.finishedAt))),
    ended,
  };
}

function span(from: Task['claimedAt'], to: Task['claimedAt']): number[] {
  return from === undefined || to === undefined ? [] : [Math.max(0, millis(to) - millis(from))];
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
