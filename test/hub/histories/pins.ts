import type { Step } from '../step.ts';
import type { World } from './promises.ts';
import { claiming, comingBack, leaving, submitting } from './steps.ts';

/** Histories that once broke a promise: every run begins with them. */
export const pins: readonly { readonly shows: string; readonly steps: readonly Step<World>[] }[] = [
  {
    shows: 'a lane that joins a band within the transaction that serves an earlier one',
    steps: [
      submitting.of([63, 0, 0, false, 1, 0]),
      submitting.of([15, 1, 0, false, 0, 0]),
      claiming.of(451),
      leaving.of(284),
      comingBack.of([277, true, 1]),
    ],
  },
];
