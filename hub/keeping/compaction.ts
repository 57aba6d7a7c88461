import { treeHolder } from '../budgets/budgets.ts';
import { limits } from '../lib/limits.ts';
import { isFinished } from '../lib/states.ts';
import { utf8Bytes } from '../lib/text.ts';
import { dayMicros, dayOf, elapsedMs } from '../lib/time.ts';
import type { Ctx, DayTotalRow, TaskRow } from '../schema.ts';
import { keepDaysOf, policyOf } from './policy.ts';
import {
  type Growth,
  grow,
  isCounted,
  minus,
  sizeOfAttempt,
  sizeOfFeedback,
  sizeOfSummary,
  sizeOfTask,
  summaryBytes,
  sumOf,
  usageOf,
} from './usage.ts';

// Tasks that ended long ago become daily totals. Their numbers are handed out by counting, so the oldest are found without
// an index: a cursor goes through the numbers, a bounded part at each step, and begins again at the first that is still
// there when it meets one that is too young to have ended so long ago.

/** Takes one bounded step. @returns whether there may be more to do at once */
export function compactSome(ctx: Ctx): boolean {
  const state = ctx.db.compaction.id.find(0);
  let { floor, cursor } = state ?? { floor: 1n, cursor: 1n };
  const last = lastTask(ctx);
  const cutoffs = new Map<bigint, bigint>();
  const shortest = shortestKeepMicros(ctx);
  let compacted = 0;
  let isOver = false;
  for (let lookedAt = 0; lookedAt < limits.lookedAtMax && compacted < limits.compactedMax; lookedAt++) {
    const task = cursor > last ? undefined : ctx.db.task.id.find(cursor);
    const isYoung = task && !isOlder(ctx, task.submittedAt.microsSinceUnixEpoch, shortest);
    if (cursor > last || isYoung) {
      isOver = true;
      break;
    }
    if (task && isDue(ctx, task, cutoffs)) {
      compact(ctx, task);
      compacted += 1;
      if (floor === cursor) floor += 1n;
    } else if (!task && floor === cursor) floor += 1n;
    cursor += 1n;
  }
  if (isOver) cursor = floor;
  const next = { id: 0, floor, cursor };
  if (!state) ctx.db.compaction.insert(next);
  else if (state.floor !== floor || state.cursor !== cursor) ctx.db.compaction.id.update(next);
  return !isOver;
}

function isDue(ctx: Ctx, task: TaskRow, keepMicros: Map<bigint, bigint>): boolean {
  const { tenantId, state, finishedAt } = task;
  if (!finishedAt || !isFinished(state.tag)) return false;
  const keep = keepMicros.get(tenantId) ?? keepMicrosOf(policyOf(ctx, tenantId));
  keepMicros.set(tenantId, keep);
  if (!isOlder(ctx, finishedAt.microsSinceUnixEpoch, keep)) return false;
  // A tree goes from its ends: a part needs its parent.
  for (const _ of ctx.db.child.parent.filter(task.id)) return false;
  return true;
}

/** Adds a task to the total of its day and forgets it. */
function compact(ctx: Ctx, task: TaskRow): void {
  const { id, tenantId } = task;
  usageOf(ctx, tenantId);
  const input = ctx.db.taskInput.taskId.find(id);
  const summary = ctx.db.summary.taskId.find(id);
  const attempts = [...ctx.db.attempt.taskId.filter(id)];
  let gone: Growth = sizeOfTask(utf8Bytes(input?.input ?? ''));
  if (summary) gone = sumOf(gone, sizeOfSummary(summaryBytes(summary.body)));
  for (const attempt of attempts) gone = sumOf(gone, sizeOfAttempt(attempt));
  const feedback = ctx.db.feedback.taskId.find(id);
  if (feedback) gone = sumOf(gone, sizeOfFeedback(feedback));
  if (ctx.db.threadTurn.taskId.find(id)) gone = sumOf(gone, { rows: 1 });

  const totalMs = elapsedMs(task.submittedAt, task.finishedAt ?? task.submittedAt);
  const isNew = addToDay(ctx, task, {
    tasks: 1n,
    attempts: BigInt(task.attempt),
    tokensIn: BigInt(summary?.body.tokensIn ?? 0),
    tokensOut: BigInt(summary?.body.tokensOut ?? 0),
    micros: summary?.body.costMicros ?? 0n,
    workMs: attempts.reduce((sum, { durationMs }) => sum + BigInt(durationMs), 0n),
    totalMs: BigInt(totalMs),
    totalMsMax: totalMs,
  });
  ctx.db.task.id.delete(id);
  ctx.db.taskInput.taskId.delete(id);
  ctx.db.summary.taskId.delete(id);
  ctx.db.threadTurn.taskId.delete(id);
  ctx.db.feedback.taskId.delete(id);
  ctx.db.attempt.taskId.delete(id);
  ctx.db.progressPiece.taskId.delete(id);
  ctx.db.deadLetter.taskId.delete(id);
  ctx.db.child.taskId.delete(id);
  if (task.root === id) ctx.db.budget.holder.delete(treeHolder(tenantId, id));
  grow(ctx, tenantId, sumOf({ rows: isNew ? 1 : 0 }, minus(gone)));
}

/** What a task adds to the total of its day. */
type DayShare = Omit<DayTotalRow, 'id' | 'key' | 'tenantId' | 'day' | 'skill' | 'outcome'>;

/** @returns whether it is the first of its kind on that day */
function addToDay(ctx: Ctx, { tenantId, skill, state, finishedAt }: TaskRow, more: DayShare): boolean {
  const day = dayOf(finishedAt ?? ctx.timestamp);
  const outcome = state.tag.toLowerCase();
  const key = `${tenantId}/${day}/${outcome}/${skill}`;
  const known = ctx.db.dayTotal.key.find(key);
  if (!known) {
    ctx.db.dayTotal.insert({ id: 0n, key, tenantId, day, skill, outcome, ...more });
    return true;
  }
  ctx.db.dayTotal.id.update({
    ...known,
    tasks: known.tasks + more.tasks,
    attempts: known.attempts + more.attempts,
    tokensIn: known.tokensIn + more.tokensIn,
    tokensOut: known.tokensOut + more.tokensOut,
    micros: known.micros + more.micros,
    workMs: known.workMs + more.workMs,
    totalMs: known.totalMs + more.totalMs,
    totalMsMax: Math.max(known.totalMsMax, more.totalMsMax),
  });
  return false;
}

function lastTask(ctx: Ctx): bigint {
  let last = 0n;
  for (const usage of ctx.db.usage.iter()) {
    const { lastTask: own } = isCounted(usage) ? usage : usageOf(ctx, usage.tenantId);
    if (own > last) last = own;
  }
  return last;
}

function shortestKeepMicros(ctx: Ctx): bigint {
  let shortest = keepMicrosOf({ keepDays: 0 });
  for (const policy of ctx.db.policy.iter()) {
    const keep = keepMicrosOf(policy);
    if (keep < shortest) shortest = keep;
  }
  return shortest;
}

function keepMicrosOf(policy: { readonly keepDays: number }): bigint {
  return BigInt(keepDaysOf(policy)) * dayMicros;
}

/** Whether a time lies further back than what is kept. */
function isOlder(ctx: Ctx, micros: bigint, keepMicros: bigint): boolean {
  return micros < ctx.timestamp.microsSinceUnixEpoch - keepMicros;
}
