import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { clip } from '../lib/text.ts';
import spacetimedb, { type Ctx, type LeaseRow, SummaryBody, type TaskRow } from '../schema.ts';
import { requireLimb } from './access.ts';
import { moveTask, returnTask } from './queue.ts';
import { requireSummary } from './summary.ts';

/**
 * Takes a queued task for the calling limb under a new attempt number. When another limb was faster, or the task was never
 * this limb's to take, nothing happens: the caller sees whether it won by whether it holds the lease.
 */
export const claimTask = spacetimedb.reducer({ name: 'claim_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  const limb = requireLimb(ctx);
  // The end of the connection that announced the limb gives its tasks back, so no other connection may take any.
  if (!limb.connection || !ctx.connectionId?.isEqual(limb.connection)) {
    throw new SenderError('not-announced: announce the limb on this connection before it claims');
  }
  const offer = ctx.db.offer.taskId.find(taskId);
  if (!offer || !mayClaim(ctx, offer.lane)) return;
  if ([...ctx.db.lease.limb.filter(ctx.sender)].length >= limb.capacity) {
    throw new SenderError(`no-free-slot: this limb holds ${limb.capacity} tasks, its capacity; finish one first`);
  }
  const task = ctx.db.task.id.find(taskId);
  if (!task) return;
  ctx.db.offer.taskId.delete(taskId);
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
});

/** Tells the watchers one line of what is going on. */
export const reportProgress = spacetimedb.reducer(
  { name: 'report_progress' },
  { taskId: t.u64(), attempt: t.u32(), line: t.string() },
  (ctx, { taskId, attempt, line }) => {
    const { task } = requireLease(ctx, taskId, attempt);
    if (task.state.tag === 'Claimed') moveTask(ctx, task, 'Running');
    const lines = [...ctx.db.progressLine.taskId.filter(taskId)];
    if (lines.length >= limits.progressLinesMax) {
      const oldest = lines.reduce((a, b) => (a.id < b.id ? a : b));
      ctx.db.progressLine.id.delete(oldest.id);
    }
    ctx.db.progressLine.insert({
      id: 0n,
      taskId,
      tenantId: task.tenantId,
      attempt,
      line: clip(line, limits.progressLineCharsMax),
      at: ctx.timestamp,
    });
  },
);

/** Finishes a task with its summary. */
export const completeTask = spacetimedb.reducer(
  { name: 'complete_task' },
  { taskId: t.u64(), attempt: t.u32(), summary: SummaryBody },
  (ctx, { taskId, attempt, summary }) => {
    const { task } = requireLease(ctx, taskId, attempt);
    requireSummary(summary);
    ctx.db.lease.taskId.delete(taskId);
    ctx.db.summary.insert({
      taskId,
      tenantId: task.tenantId,
      attempt,
      limb: ctx.sender,
      body: summary,
      at: ctx.timestamp,
    });
    moveTask(ctx, task, 'Done', { error: '' });
  },
);

/** Reports that an attempt failed. A retryable failure puts the task back in the queue while attempts are left. */
export const failTask = spacetimedb.reducer(
  { name: 'fail_task' },
  { taskId: t.u64(), attempt: t.u32(), error: t.string(), isRetryable: t.bool() },
  (ctx, { taskId, attempt, error, isRetryable }) => {
    const { lease, task } = requireLease(ctx, taskId, attempt);
    if (isRetryable) {
      returnTask(ctx, lease, error);
      return;
    }
    ctx.db.lease.taskId.delete(taskId);
    moveTask(ctx, task, 'Failed', { error: clip(error, limits.errorCharsMax) });
  },
);

function mayClaim(ctx: Ctx, lane: string): boolean {
  for (const access of ctx.db.laneAccess.limb.filter(ctx.sender)) {
    if (access.lane === lane) return true;
  }
  return false;
}

/** The caller's lease of a task, if the report is about the attempt that holds it now. */
function requireLease(ctx: Ctx, taskId: bigint, attempt: number): { lease: LeaseRow; task: TaskRow } {
  requireLimb(ctx);
  const lease = ctx.db.lease.taskId.find(taskId);
  const task = ctx.db.task.id.find(taskId);
  if (!lease || !task || !lease.limb.isEqual(ctx.sender) || lease.attempt !== attempt) {
    throw new SenderError(`stale-attempt: this limb does not hold task ${taskId} by attempt ${attempt}; drop the work`);
  }
  return { lease, task };
}
