import type { Step } from '../step.ts';
import { comingBack, crashing, jumping, leaving, stalling } from './trouble.ts';
import { claiming, submitting } from './work.ts';
import type { World } from './world.ts';

/** Histories that once broke a promise: every run begins with them. */
export const pins: readonly { readonly shows: string; readonly steps: readonly Step<World>[] }[] = [
  {
    shows: 'a lane joins a band within the transaction that serves an earlier one',
    steps: [
      submitting.of([63, 0, 0, false, 1, 0]),
      submitting.of([15, 1, 0, false, 0, 0]),
      claiming.of(451),
      leaving.of(284),
      comingBack.of([277, true, 1]),
    ],
  },
  {
    shows: 'a limb stalls and the clock is set back',
    steps: [submitting.of([0, 0, 0, false, 0, 0]), claiming.of(0), stalling.of(0), jumping.of([-7, true])],
  },
  {
    shows: 'a limb goes away and the clock is set back',
    steps: [
      crashing.of([0, 4, false]),
      submitting.of([0, 0, 0, false, 0, 0]),
      claiming.of(551),
      leaving.of(32),
      jumping.of([-10, true]),
    ],
  },
];
