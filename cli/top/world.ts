import type { Attempt, Limb, QueueEntry, Summary, Task, WaitReason } from '../../bindings/types.ts';
import type { StreamPart } from '../../web/src/lib/live/stream.ts';

/** What the board shows, as far as it is known. */
export interface World {
  readonly tenant: string;
  readonly url: string;
  /** `nextAtMs`: when the hub is tried again. Times are milliseconds since the epoch. */
  readonly link:
    | { readonly kind: 'live' }
    | { readonly kind: 'away'; readonly sinceMs: number; readonly nextAtMs: number };
  readonly tasks: readonly Task[];
  readonly limbs: readonly Limb[];
  /** Of the task that is open. */
  readonly material: Material | undefined;
  readonly nowMs: number;
}

export interface Material {
  readonly taskId: bigint;
  readonly attempts: readonly Attempt[];
  readonly entry: QueueEntry | undefined;
  readonly reason: WaitReason | undefined;
  /** What its attempts have told, oldest first. */
  readonly parts: readonly StreamPart[];
  readonly summary: Summary | undefined;
}

export function isFinished({ state }: Task): boolean {
  return ['Done', 'Failed', 'Dead', 'Cancelled'].includes(state.tag);
}

/** How long it was or has been worked on; none while it waits. */
export function workedMs(task: Task, nowMs: number): number | undefined {
  if (task.claimedAt === undefined || task.state.tag === 'Queued') return undefined;
  const endMs = task.finishedAt === undefined ? nowMs : ms(task.finishedAt);
  return Math.max(0, endMs - ms(task.claimedAt));
}

export function ms(time: Task['submittedAt']): number {
  return time.toDate().getTime();
}
