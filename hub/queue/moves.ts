import { AssertionError } from '../lib/assertion.ts';
import { isFinished, mayBecome, type TaskStateTag } from '../lib/states.ts';
import type { Ctx, TaskRow } from '../schema.ts';

/** Moves a task to another state, and is the only code that does. */
export function moveTask(ctx: Ctx, task: TaskRow, to: TaskStateTag, changes: Partial<TaskRow> = {}): TaskRow {
  if (!mayBecome(task.state.tag, to)) {
    throw new AssertionError(`task ${task.id} cannot go from ${task.state.tag} to ${to}`);
  }
  if (isFinished(to)) countTask(ctx, task.tenantId, -1);
  else if (isFinished(task.state.tag)) countTask(ctx, task.tenantId, 1);
  const finishedAt = isFinished(to) ? ctx.timestamp : undefined;
  return ctx.db.task.id.update({ ...task, ...changes, state: { tag: to }, finishedAt });
}

/** Counts a tenant's unfinished tasks. */
export function countTask(ctx: Ctx, tenantId: bigint, by: 1 | -1): void {
  const usage = requireRow(ctx.db.usage.tenantId.find(tenantId), `the usage of tenant ${tenantId}`);
  ctx.db.usage.tenantId.update({ ...usage, unfinishedTasks: usage.unfinishedTasks + by });
}

export function requireRow<Row>(row: Row | null | undefined, what: string): Row {
  if (row === null || row === undefined) throw new AssertionError(`${what} is not there`);
  return row;
}
