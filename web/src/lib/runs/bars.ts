import { isUnderWay } from '../canvas/states.ts';
import { millis } from '../format.ts';
import type { Run, Step } from '../live/model.ts';

/** One step's stretch of a run's time. All times are milliseconds since the epoch. */
export interface StepBar {
  readonly step: Step;
  readonly fromMs: number;
  readonly toMs: number;
  /** How many steps it is inside of. */
  readonly depth: number;
}

/** Where the time of a run went: its steps in the order in which they began, each after the one that it is inside of. */
export function stepBars(run: Run, steps: readonly Step[], nowMs: number): StepBar[] {
  return steps
    .filter(({ isReplaced }) => !isReplaced)
    .toSorted((a, b) => millis(a.startedAt) - millis(b.startedAt) || (a.id < b.id ? -1 : 1))
    .map((step) => {
      const fromMs = millis(step.startedAt);
      const end = step.finishedAt ? millis(step.finishedAt) : isUnderWay(step.state.tag) ? nowMs : endOf(run, nowMs);
      return { step, fromMs, toMs: Math.max(end, fromMs), depth: step.path.split('.').length - 1 };
    });
}

/** When a run ended, or now. */
export function endOf({ finishedAt }: Run, nowMs: number): number {
  return finishedAt ? millis(finishedAt) : nowMs;
}
