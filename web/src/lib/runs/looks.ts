import type { RunStateTag, StepStateTag } from '../live/model.ts';

/** The colours of a state. */
export const looks: Readonly<Record<RunStateTag | StepStateTag, string>> = {
  Waiting: 'bg-amber-wash text-amber',
  Running: 'bg-teal-wash text-teal',
  Paused: 'bg-blue-wash text-blue',
  Recovering: 'bg-amber-wash text-amber',
  Undoing: 'bg-plum-wash text-plum',
  Done: 'bg-green-wash text-green',
  Failed: 'bg-red-wash text-red',
  Skipped: 'bg-sunken text-ink-faint',
  Cancelled: 'bg-sunken text-ink-faint',
  Undone: 'bg-plum-wash text-plum',
};
