import { releaseAll } from '../budgets/reservations.ts';
import { tellFailure } from '../events/failures.ts';
import { type Growth, sizeOfAttempt, sumOf } from '../keeping/usage.ts';
import { requireRow } from '../lib/assertion.ts';
import { backoffMs } from '../lib/backoff.ts';
import { limits } from '../lib/limits.ts';
import { isFinished, type TaskStateTag } from '../lib/states.ts';
import { clip } from '../lib/text.ts';
import { after, elapsedMs, isBefore } from '../lib/time.ts';
import { taskEnded } from '../recipes/arrivals.ts';
import type { AttemptOutcomeTag, BandRow, Ctx, LeaseRow, TaskRow, TaskTerms } from '../schema.ts';
import { concurrencyOf, givePlaceBack } from './concurrency.ts';
import { enqueue, fillSlots, openKey, unpark } from './dispatch.ts';
import { leaveLane } from './lanes.ts';
import { moveTask } from './moves.ts';
import { termsOf } from './terms.ts';
import { dropTimers, wakeAt } from './timers.ts';

type Finish = Extract<TaskStateTag, 'Done' | 'Failed' | 'Dead' | 'Cancelled'>;

/** What became of an attempt, for whoever asks later. */
export interface Ending {
  readonly outcome: Exclude<AttemptOutcomeTag, 'Open'>;
  readonly error?: string;
  readonly exitCode?: number | undefined;
  /** What its tenant keeps of it beside the attempt. */
  readonly growth?: Growth;
}

/** Queues a task, now or for later. It must have no queue entry yet. `found`: its band, if that is known. */
export function queueTask(
  ctx: Ctx,
  task: TaskRow,
  terms: TaskTerms,
  waitMs: number,
  isReturning = false,
  found?: BandRow,
): void {
  const pauseEnd = after(ctx.timestamp, waitMs);
  const until = terms.runAfter && isBefore(pauseEnd, terms.runAfter) ? terms.runAfter : pauseEnd;
  if (!isBefore(ctx.timestamp, until)) {
    enqueue(ctx, task, terms, isReturning, found);
    return;
  }
  ctx.db.queueEntry.insert({
    taskId: task.id,
    tenantId: task.tenantId,
    laneId: 0n,
    bandId: 0n,
    place: 0n,
    queuedAt: ctx.timestamp,
    waitsUntil: until,
    budgetId: 0n,
    shortage: '',
  });
  wakeAt(ctx, task.id, until, 'Ready');
}

/** Ends whatever a task has in the queue or at a limb, and the task with it. */
export function finishTask(
  ctx: Ctx,
  task: TaskRow,
  to: Finish,
  ending: Ending,
  changes: Partial<TaskRow> = {},
): TaskRow {
  const lease = ctx.db.lease.taskId.find(task.id);
  const limb = lease?.limb ?? ctx.db.offer.taskId.find(task.id)?.limb;
  const growth = sumOf(ending.growth ?? {}, lease ? closeAttempt(ctx, lease, ending) : {});
  if (lease) ctx.db.lease.taskId.delete(task.id);
  else leaveQueue(ctx, task.id);
  ctx.db.dedupe.taskId.delete(task.id);
  dropTimers(ctx, task.id);
  if (to === 'Dead') ctx.db.deadLetter.insert({ taskId: task.id, tenantId: task.tenantId });
  const finished = moveTask(ctx, task, to, changes, growth);
  if (limb) {
    const key = concurrencyOf(task.tenantId, termsOf(ctx, task.id));
    givePlaceBack(ctx, key, task.id);
    openKey(ctx, key);
    fillSlots(ctx, limb);
  }
  taskEnded(ctx, finished);
  if (to === 'Failed' || to === 'Dead') tellFailure(ctx, finished);
  return finished;
}

/** Ends a task and its parts; children before their parents, so that no part starts when another one makes room. */
export function cancelTree(ctx: Ctx, task: TaskRow): void {
  for (const { taskId } of [...ctx.db.child.parent.filter(task.id)]) {
    cancelTree(ctx, requireRow(ctx.db.task.id.find(taskId), `task ${taskId}`));
  }
  if (!isFinished(task.state.tag)) finishTask(ctx, task, 'Cancelled', { outcome: 'Cancelled' });
}

function leaveQueue(ctx: Ctx, taskId: bigint): void {
  const entry = ctx.db.queueEntry.taskId.find(taskId);
  if (!entry) return;
  leaveLane(ctx, entry);
  ctx.db.queueEntry.taskId.delete(taskId);
  ctx.db.offer.taskId.delete(taskId);
}

/**
 * Ends a lease whose work did not come to a result: the task goes back to the queue, or to the dead letters when its
 * attempts are used up. A limb that was lost is not the task's fault the first time, so the task does not wait then.
 */
export function returnTask(ctx: Ctx, lease: LeaseRow, ending: Ending & { readonly outcome: 'Failed' | 'Lost' }): void {
  const task = requireRow(ctx.db.task.id.find(lease.taskId), `task ${lease.taskId}`);
  const error = clip(ending.error ?? '', limits.errorCharsMax);
  const failures = task.failures + 1;
  if (failures >= task.attemptsMax) {
    finishTask(ctx, task, 'Dead', ending, { error, failures });
    return;
  }
  const growth = closeAttempt(ctx, lease, ending);
  ctx.db.lease.taskId.delete(lease.taskId);
  const isLost = ending.outcome === 'Lost';
  const waitMs = isLost && failures === 1 ? 0 : backoffMs(isLost ? failures - 1 : failures, ctx.random());
  const queued = moveTask(ctx, task, 'Queued', { error, failures }, growth);
  const terms = termsOf(ctx, task.id);
  const key = concurrencyOf(task.tenantId, terms);
  givePlaceBack(ctx, key, task.id);
  queueTask(ctx, queued, terms, waitMs, true);
  openKey(ctx, key);
  fillSlots(ctx, lease.limb);
}

/** @returns what its tenant keeps of it from now on */
function closeAttempt(ctx: Ctx, lease: LeaseRow, { outcome, error = '', exitCode }: Ending): Growth {
  for (const budgetId of releaseAll(ctx, lease.taskId)) unpark(ctx, budgetId);
  for (const attempt of ctx.db.attempt.taskId.filter(lease.taskId)) {
    if (attempt.number !== lease.attempt) continue;
    const ended = ctx.db.attempt.id.update({
      ...attempt,
      endedAt: ctx.timestamp,
      durationMs: elapsedMs(attempt.startedAt, ctx.timestamp),
      outcome: { tag: outcome },
      error: clip(error, limits.errorCharsMax),
      exitCode,
    });
    return sizeOfAttempt(ended);
  }
  return {};
}
