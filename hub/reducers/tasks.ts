import { SenderError, t } from 'spacetimedb/server';
import { requireRoom } from '../keeping/quotas.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import { isBefore } from '../lib/time.ts';
import { cancelTree, queueTask } from '../queue/endings.ts';
import { moveTask } from '../queue/moves.ts';
import { queueNewTask } from '../queue/submission.ts';
import { dedupeOf, termsOf } from '../queue/terms.ts';
import { wakeAt } from '../queue/timers.ts';
import spacetimedb, { type Ctx, type TaskRow } from '../schema.ts';
import { TaskTerms } from '../tables/tasks.ts';
import { requireMember, requireTask } from './access.ts';

/**
 * Queues work for a limb. Sent again with the same reference by the same submitter, it changes nothing; nor does it while
 * another task with the same dedupe key is unfinished.
 */
export const submitTask = spacetimedb.reducer(
  { name: 'submit_task' },
  {
    tenantId: t.u64(),
    skill: t.string(),
    title: t.string(),
    input: t.string(),
    reference: t.string(),
    terms: t.option(TaskTerms),
  },
  (ctx, given) => {
    requireMember(ctx, given.tenantId, 'Operator');
    queueNewTask(ctx, given);
  },
);

/** Ends a task that has not finished, and its parts with it. A limb that works on one sees its lease go and stops. */
export const cancelTask = spacetimedb.reducer({ name: 'cancel_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  cancelTree(ctx, requireTask(ctx, taskId));
});

/** Queues a task again that has failed or was given up, with all of its attempts before it. */
export const redriveTask = spacetimedb.reducer({ name: 'redrive_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  const task = requireTask(ctx, taskId);
  if (!redrive(ctx, task)) {
    throw new SenderError(
      `not-redrivable: task ${taskId} is ${task.state.tag.toLowerCase()}; only failed and dead ones can be redriven`,
    );
  }
});

/**
 * Queues the dead tasks of a tenant again, the oldest first, at most 1,000 at a time and as many as its quota has room for. Those
 * whose dedupe key another task has stay dead. Rejects when none of them can be.
 */
export const redriveAll = spacetimedb.reducer({ name: 'redrive_all' }, { tenantId: t.u64() }, (ctx, { tenantId }) => {
  requireMember(ctx, tenantId, 'Operator');
  const dead = [...ctx.db.deadLetter.tenantId.filter(tenantId)].map(({ taskId }) => taskId).sort(ascending);
  let redriven = 0;
  let refusal: SenderError | undefined;
  for (const taskId of dead) {
    if (redriven === limits.redrivenMax || refusal?.message.startsWith('queue-full')) break;
    try {
      // A refusal comes before any change.
      redrive(ctx, requireRow(ctx.db.task.id.find(taskId), `task ${taskId}`));
      redriven += 1;
    } catch (error) {
      if (!(error instanceof SenderError)) throw error;
      refusal = error;
    }
  }
  if (refusal && redriven === 0) throw refusal;
});

function redrive(ctx: Ctx, task: TaskRow): boolean {
  if (task.state.tag !== 'Failed' && task.state.tag !== 'Dead') return false;
  const terms = termsOf(ctx, task.id);
  const dedupe = dedupeOf(task.tenantId, terms);
  if (dedupe !== '' && ctx.db.dedupe.key.find(dedupe)) {
    throw new SenderError(
      `duplicate: another task with the dedupe key of task ${task.id} is under way; wait until it has ended`,
    );
  }
  requireRoom(ctx, task.tenantId, { unfinishedTasks: 1 });
  if (dedupe !== '') ctx.db.dedupe.insert({ key: dedupe, taskId: task.id });
  ctx.db.deadLetter.taskId.delete(task.id);
  if (terms.deadline && isBefore(ctx.timestamp, terms.deadline)) wakeAt(ctx, task.id, terms.deadline, 'Deadline');
  queueTask(ctx, moveTask(ctx, task, 'Queued', { failures: 0 }), terms, 0);
  return true;
}
