import { isFinished } from '../lib/states.ts';
import { enqueue, unpark } from '../queue/dispatch.ts';
import { finishTask } from '../queue/endings.ts';
import { termsOf } from '../queue/terms.ts';
import spacetimedb from '../schema.ts';
import { timerTable } from '../tables/clocks.ts';

/** The time of a task has come: to join its lane, or to be given up. */
export const onTimer = spacetimedb.reducer({ onSchedule: timerTable }, { row: timerTable.rowType }, (ctx, { row }) => {
  const task = ctx.db.task.id.find(row.taskId);
  if (!task || isFinished(task.state.tag)) return;
  if (row.kind.tag === 'Ready') {
    const entry = ctx.db.queueEntry.taskId.find(task.id);
    if (entry && entry.budgetId !== 0n) unpark(ctx, entry.budgetId);
    else if (entry?.waitsUntil) enqueue(ctx, task, termsOf(ctx, task.id));
    return;
  }
  const error = `the deadline has passed${task.error === '' ? '' : `; the last attempt ended: ${task.error}`}`;
  finishTask(ctx, task, 'Dead', { outcome: 'Expired', error }, { error });
});
