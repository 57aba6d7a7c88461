import type { Step, StepStateTag } from '../live/model.ts';

/** How a step of a recipe stands in a run: once, or often when it is inside of a map or a loop. */
export interface Standing {
  readonly state: StepStateTag;
  /** How often it was begun, and how many of these have ended. */
  readonly begun: number;
  readonly ended: number;
}

/** What is told first of several: what goes on, then what went wrong. */
const order: readonly StepStateTag[] = [
  'Running',
  'Recovering',
  'Waiting',
  'Failed',
  'Cancelled',
  'Undone',
  'Done',
  'Skipped',
];

export function isUnderWay(state: StepStateTag): boolean {
  return state === 'Running' || state === 'Recovering' || state === 'Waiting';
}

/** How the steps of a recipe stand, by their names. */
export function standingsOf(steps: readonly Step[]): ReadonlyMap<string, Standing> {
  const found = new Map<string, Standing>();
  for (const { name, state, isReplaced, kind } of steps) {
    if (isReplaced || kind.tag === 'Undo') continue;
    const known = found.get(name);
    const ended = isUnderWay(state.tag) ? 0 : 1;
    if (!known) found.set(name, { state: state.tag, begun: 1, ended });
    else {
      const isFirst = order.indexOf(state.tag) < order.indexOf(known.state);
      found.set(name, {
        state: isFirst ? state.tag : known.state,
        begun: known.begun + 1,
        ended: known.ended + ended,
      });
    }
  }
  return found;
}
