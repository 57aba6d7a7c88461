/**
 * Every move a task may make. A task is `queued` while it has an offer, `claimed` or `running` while it has a lease, and
 * otherwise finished.
 */
const transitions = {
  Queued: ['Claimed', 'Cancelled'],
  Claimed: ['Running', 'Done', 'Failed', 'Queued', 'Dead', 'Cancelled'],
  Running: ['Done', 'Failed', 'Queued', 'Dead', 'Cancelled'],
  Done: [],
  Failed: [],
  Dead: [],
  Cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type TaskStateTag = keyof typeof transitions;

export function mayBecome(from: TaskStateTag, to: TaskStateTag): boolean {
  return (transitions[from] as readonly string[]).includes(to);
}

export function isFinished(state: TaskStateTag): boolean {
  return transitions[state].length === 0;
}
