import { requireRow } from '../lib/assertion.ts';
import { utf8Bytes } from '../lib/text.ts';
import type { Ctx, SummaryBody, UsageRow } from '../schema.ts';

// What a tenant keeps is counted while it changes, in the one row that is written with every task anyway. Its rows are
// tasks, inputs, summaries, attempts that have ended, and daily totals; its bytes are those of inputs, summaries and the
// errors of attempts. Everything else that a task can have is bounded for each task.

/** By how much what a tenant has grows, or shrinks. */
export interface Growth {
  readonly unfinishedTasks?: number;
  readonly rows?: number;
  readonly bytes?: number;
}

/** Notes that a tenant has more or less than before; `lastTask` is the newest one that it submitted. */
export function grow(ctx: Ctx, tenantId: bigint, growth: Growth, lastTask?: bigint): void {
  const usage = requireUsage(ctx, tenantId);
  const { unfinishedTasks = 0, rows = 0, bytes = 0 } = growth;
  ctx.db.usage.tenantId.update({
    ...usage,
    unfinishedTasks: usage.unfinishedTasks + unfinishedTasks,
    lastTask: lastTask ?? usage.lastTask,
    // What was there before anything was counted is counted at once.
    ...(usage.isCounted ? { rows: usage.rows + BigInt(rows), bytes: usage.bytes + BigInt(bytes) } : {}),
  });
}

export function sumOf(one: Growth, other: Growth): Growth {
  return {
    unfinishedTasks: (one.unfinishedTasks ?? 0) + (other.unfinishedTasks ?? 0),
    rows: (one.rows ?? 0) + (other.rows ?? 0),
    bytes: (one.bytes ?? 0) + (other.bytes ?? 0),
  };
}

/** What a tenant has. To be asked before anything is changed: what an earlier version did not count is counted here, once. */
export function usageOf(ctx: Ctx, tenantId: bigint): UsageRow {
  const usage = requireUsage(ctx, tenantId);
  return usage.isCounted ? usage : ctx.db.usage.tenantId.update({ ...usage, ...count(ctx, tenantId), isCounted: true });
}

/** What an attempt that has ended takes. */
export function sizeOfAttempt({ error }: { readonly error: string }): Growth {
  return { rows: 1, bytes: error === '' ? 0 : utf8Bytes(error) };
}

/** What a task takes with its input of so many bytes. */
export function sizeOfTask(inputBytes: number): Growth {
  return { rows: 2, bytes: inputBytes };
}

/** What a summary of so many bytes takes. */
export function sizeOfSummary(bytes: number): Growth {
  return { rows: 1, bytes };
}

/** A summary's size: the bytes of its JSON, 64-bit numbers written as text. */
export function summaryBytes(body: SummaryBody): number {
  return utf8Bytes(JSON.stringify(body, (_key, value) => (typeof value === 'bigint' ? value.toString() : value)));
}

function requireUsage(ctx: Ctx, tenantId: bigint): UsageRow {
  return requireRow(ctx.db.usage.tenantId.find(tenantId), `the usage of tenant ${tenantId}`);
}

function count(ctx: Ctx, tenantId: bigint): Pick<UsageRow, 'rows' | 'bytes' | 'lastTask'> {
  let total: Growth = { rows: [...ctx.db.dayTotal.tenantId.filter(tenantId)].length };
  let lastTask = 0n;
  for (const { taskId, input } of ctx.db.taskInput.tenantId.filter(tenantId)) {
    total = sumOf(total, sizeOfTask(utf8Bytes(input)));
    if (taskId > lastTask) lastTask = taskId;
  }
  for (const { body } of ctx.db.summary.tenantId.filter(tenantId))
    total = sumOf(total, sizeOfSummary(summaryBytes(body)));
  for (const attempt of ctx.db.attempt.tenantId.filter(tenantId)) {
    if (attempt.outcome.tag !== 'Open') total = sumOf(total, sizeOfAttempt(attempt));
  }
  return { rows: BigInt(total.rows ?? 0), bytes: BigInt(total.bytes ?? 0), lastTask };
}
