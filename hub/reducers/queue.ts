import { AssertionError } from '../lib/assertion.ts';
import { ownLane, sharedLane } from '../lib/lanes.ts';
import { limits } from '../lib/limits.ts';
import { isFinished, mayBecome, type TaskStateTag } from '../lib/states.ts';
import { clip } from '../lib/text.ts';
import type { Ctx, LeaseRow, TaskRow } from '../schema.ts';

/** Moves a task to another state, and is the only code that does. */
export function moveTask(ctx: Ctx, task: TaskRow, to: TaskStateTag, changes: Partial<TaskRow> = {}): TaskRow {
  if (!mayBecome(task.state.tag, to)) {
    throw new AssertionError(`task ${task.id} cannot go from ${task.state.tag} to ${to}`);
  }
  const finishedAt = isFinished(to) ? ctx.timestamp : undefined;
  return ctx.db.task.id.update({ ...task, ...changes, state: { tag: to }, finishedAt });
}

/** Puts an offer for a queued task where the limbs that may claim it see it. */
export function offerTask(ctx: Ctx, task: TaskRow): void {
  const lane = task.target ? ownLane(task.tenantId, task.skill, task.target) : sharedLane(task.tenantId, task.skill);
  ctx.db.offer.insert({ taskId: task.id, lane, skill: task.skill, queuedAt: ctx.timestamp });
}

/**
 * Ends a lease whose work did not come to a result: the task goes back to the queue, or to the dead letters when its
 * attempts are used up.
 */
export function returnTask(ctx: Ctx, lease: LeaseRow, reason: string): void {
  ctx.db.lease.taskId.delete(lease.taskId);
  const task = ctx.db.task.id.find(lease.taskId);
  if (!task) return;
  const error = clip(reason, limits.errorCharsMax);
  if (task.attempt >= limits.attemptsMax) {
    moveTask(ctx, task, 'Dead', { error });
    return;
  }
  offerTask(ctx, moveTask(ctx, task, 'Queued', { error }));
}
