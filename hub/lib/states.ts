/**
 * Every move a task may make, and what makes it. A task is `Queued` exactly while it has a queue entry, `Claimed` or
 * `Running` exactly while it has a lease, and otherwise finished.
 */
export const transitions = {
  Queued: { Claimed: 'claimed', Dead: 'deadline', Cancelled: 'cancelled' },
  Claimed: {
    Running: 'first report',
    Done: 'completed',
    Queued: 'failed or limb lost',
    Failed: 'failed for good',
    Dead: 'attempts used up, or deadline',
    Cancelled: 'cancelled',
  },
  Running: {
    Done: 'completed',
    Queued: 'failed or limb lost',
    Failed: 'failed for good',
    Dead: 'attempts used up, or deadline',
    Cancelled: 'cancelled',
  },
  Done: {},
  Failed: { Queued: 'redriven' },
  Dead: { Queued: 'redriven' },
  Cancelled: {},
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type TaskStateTag = keyof typeof transitions;

export function mayBecome(from: TaskStateTag, to: TaskStateTag): boolean {
  return to in transitions[from];
}

export function isFinished(state: TaskStateTag): boolean {
  return state === 'Done' || state === 'Failed' || state === 'Dead' || state === 'Cancelled';
}
