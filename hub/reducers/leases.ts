import { SenderError, t } from 'spacetimedb/server';
import { noteSpending } from '../keeping/spending.ts';
import { grow, minus, sizeOfAttempt, sizeOfSummary } from '../keeping/usage.ts';
import { isSame } from '../lib/identities.ts';
import { limits } from '../lib/limits.ts';
import { clip } from '../lib/text.ts';
import { finishTask, returnTask } from '../queue/endings.ts';
import { moveTask } from '../queue/moves.ts';
import { limbName } from '../queue/workers.ts';
import spacetimedb, { type Ctx, type LeaseRow, type TaskRow } from '../schema.ts';
import { SummaryBody } from '../tables/tasks.ts';
import { isAnnounced, requireWorker } from './access.ts';
import { requireSummary } from './summary.ts';

/**
 * Takes an offered task for the calling limb under a new attempt number. When the offer is not there any more, or never
 * was this limb's, nothing happens: the caller sees whether it won by whether it holds the lease.
 */
export const claimTask = spacetimedb.reducer({ name: 'claim_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  const worker = requireWorker(ctx);
  const offer = ctx.db.offer.taskId.find(taskId);
  const task = ctx.db.task.id.find(taskId);
  // The end of the announced connection gives the limb's tasks back, so on no other connection any may be taken.
  if (!offer || !isSame(offer.limb, ctx.sender) || !task || !isAnnounced(ctx, worker)) return;
  ctx.db.offer.taskId.delete(taskId);
  ctx.db.queueEntry.taskId.delete(taskId);
  const attempt = task.attempt + 1;
  moveTask(ctx, task, 'Claimed', { attempt, limb: ctx.sender, claimedAt: ctx.timestamp });
  ctx.db.lease.insert({
    taskId,
    tenantId: task.tenantId,
    limb: ctx.sender,
    skill: task.skill,
    attempt,
    claimedAt: ctx.timestamp,
  });
  noteAttempt(ctx, task, attempt);
});

/** Finishes a task with its summary. */
export const completeTask = spacetimedb.reducer(
  { name: 'complete_task' },
  { taskId: t.u64(), attempt: t.u32(), summary: SummaryBody },
  (ctx, { taskId, attempt, summary }) => {
    const { task } = requireLease(ctx, taskId, attempt);
    const growth = sizeOfSummary(requireSummary(summary));
    ctx.db.summary.insert({
      taskId,
      tenantId: task.tenantId,
      attempt,
      limb: ctx.sender,
      body: summary,
      at: ctx.timestamp,
    });
    noteSpending(ctx, task, summary);
    finishTask(ctx, task, 'Done', { outcome: 'Done', exitCode: summary.exitCode, growth }, { error: '' });
  },
);

/** Reports that an attempt failed. A retryable failure puts the task back in the queue while attempts are left. */
export const failTask = spacetimedb.reducer(
  { name: 'fail_task' },
  { taskId: t.u64(), attempt: t.u32(), error: t.string(), isRetryable: t.bool() },
  (ctx, { taskId, attempt, error, isRetryable }) => {
    const { lease, task } = requireLease(ctx, taskId, attempt);
    const reason = clip(error, limits.errorCharsMax);
    if (isRetryable) returnTask(ctx, lease, { outcome: 'Failed', error: reason });
    else {
      const failures = task.failures + 1;
      finishTask(ctx, task, 'Failed', { outcome: 'Failed', error: reason }, { error: reason, failures });
    }
  },
);

function noteAttempt(ctx: Ctx, task: TaskRow, number: number): void {
  const earlier = [...ctx.db.attempt.taskId.filter(task.id)];
  if (earlier.length >= limits.attemptRowsMax) {
    const oldest = earlier.reduce((a, b) => (a.number < b.number ? a : b));
    ctx.db.attempt.id.delete(oldest.id);
    grow(ctx, task.tenantId, minus(sizeOfAttempt(oldest)));
  }
  ctx.db.attempt.insert({
    id: 0n,
    taskId: task.id,
    tenantId: task.tenantId,
    number,
    limb: ctx.sender,
    limbName: limbName(ctx, ctx.sender, task.tenantId),
    startedAt: ctx.timestamp,
    endedAt: undefined,
    durationMs: 0,
    outcome: { tag: 'Open' },
    error: '',
    exitCode: undefined,
  });
}

/** The caller's lease of a task, if the report is about the attempt that holds it now. */
export function requireLease(ctx: Ctx, taskId: bigint, attempt: number): { lease: LeaseRow; task: TaskRow } {
  const worker = requireWorker(ctx);
  const lease = ctx.db.lease.taskId.find(taskId);
  const task = ctx.db.task.id.find(taskId);
  const isAbout = lease?.attempt === attempt && isSame(lease.limb, ctx.sender);
  if (!lease || !task || !isAbout || !isAnnounced(ctx, worker)) {
    throw new SenderError(`stale-attempt: this limb does not hold task ${taskId} by attempt ${attempt}; drop the work`);
  }
  return { lease, task };
}
