import { type Growth, grow, sumOf } from '../keeping/usage.ts';
import { AssertionError } from '../lib/assertion.ts';
import { isFinished, mayBecome, type TaskStateTag } from '../lib/states.ts';
import type { Ctx, TaskRow } from '../schema.ts';

/** Moves a task to another state, and is the only code that does. `growth`: what its tenant keeps besides from now on. */
export function moveTask(
  ctx: Ctx,
  task: TaskRow,
  to: TaskStateTag,
  changes: Partial<TaskRow> = {},
  growth?: Growth,
): TaskRow {
  if (!mayBecome(task.state.tag, to)) {
    throw new AssertionError(`task ${task.id} cannot go from ${task.state.tag} to ${to}`);
  }
  const unfinishedTasks = isFinished(to) ? -1 : isFinished(task.state.tag) ? 1 : 0;
  if (growth || unfinishedTasks !== 0) grow(ctx, task.tenantId, sumOf(growth ?? {}, { unfinishedTasks }));
  const finishedAt = isFinished(to) ? ctx.timestamp : undefined;
  return ctx.db.task.id.update({ ...task, ...changes, state: { tag: to }, finishedAt });
}
