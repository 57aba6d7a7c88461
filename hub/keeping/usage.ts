import { requireRow } from '../lib/assertion.ts';
import { utf8Bytes } from '../lib/text.ts';
import type { Ctx, SummaryBody, UsageRow } from '../schema.ts';

// What a tenant keeps is counted while it changes, in the one row that is written with every task anyway. Its rows are
// tasks, inputs, summaries, attempts that have ended, turns of conversations, feedback, and daily totals; recipes, runs and steps;
// rules and their versions. Its bytes are those of the texts in them. Everything else is bounded: for each of these, or for the
// tenant by a limit of its own.

/** Which way of counting this is: figures of an earlier one are counted anew. */
export const counting = 1;

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
    ...(isCounted(usage) ? { rows: usage.rows + BigInt(rows), bytes: usage.bytes + BigInt(bytes) } : {}),
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
  return isCounted(usage) ? usage : ctx.db.usage.tenantId.update({ ...usage, ...count(ctx, tenantId), counting });
}

export function isCounted(usage: Pick<UsageRow, 'counting'>): boolean {
  return usage.counting === counting;
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

/** What a person's verdict on a summary takes. */
export function sizeOfFeedback({ text }: { readonly text: string }): Growth {
  return { rows: 1, bytes: utf8Bytes(text) };
}

/** What a version of a rule takes: its text, and what was read in it. */
export function sizeOfRuleVersion(text: string, program: string): Growth {
  return { rows: 2, bytes: utf8Bytes(text) + utf8Bytes(program) };
}

export function minus({ unfinishedTasks = 0, rows = 0, bytes = 0 }: Growth): Growth {
  return { unfinishedTasks: -unfinishedTasks, rows: -rows, bytes: -bytes };
}

/** A summary's size: the bytes of its JSON, 64-bit numbers written as text. */
export function summaryBytes(body: SummaryBody): number {
  return utf8Bytes(JSON.stringify(body, (_key, value) => (typeof value === 'bigint' ? value.toString() : value)));
}

function requireUsage(ctx: Ctx, tenantId: bigint): UsageRow {
  return requireRow(ctx.db.usage.tenantId.find(tenantId), `the usage of tenant ${tenantId}`);
}

function count(ctx: Ctx, tenantId: bigint): Pick<UsageRow, 'rows' | 'bytes' | 'lastTask'> {
  const { db } = ctx;
  let rows = 0n;
  let bytes = 0n;
  const add = (growth: Growth) => {
    rows += BigInt(growth.rows ?? 0);
    bytes += BigInt(growth.bytes ?? 0);
  };
  const addText = (text: string) => add({ rows: 1, bytes: utf8Bytes(text) });
  for (const table of [db.dayTotal, db.threadTurn, db.recipe, db.run, db.step, db.rule]) {
    add({ rows: [...table.tenantId.filter(tenantId)].length });
  }
  let lastTask = 0n;
  for (const { taskId, input } of db.taskInput.tenantId.filter(tenantId)) {
    add(sizeOfTask(utf8Bytes(input)));
    if (taskId > lastTask) lastTask = taskId;
  }
  for (const { body } of db.summary.tenantId.filter(tenantId)) add(sizeOfSummary(summaryBytes(body)));
  for (const attempt of db.attempt.tenantId.filter(tenantId)) {
    if (attempt.outcome.tag !== 'Open') add(sizeOfAttempt(attempt));
  }
  for (const feedback of db.feedback.tenantId.filter(tenantId)) add(sizeOfFeedback(feedback));
  for (const { text } of db.recipeVersion.tenantId.filter(tenantId)) addText(text);
  for (const { trigger, output } of db.runData.tenantId.filter(tenantId)) addText(trigger + output);
  for (const { value } of db.stepOutput.tenantId.filter(tenantId)) addText(value);
  for (const { key, text } of db.ruleVersion.tenantId.filter(tenantId)) {
    add(sizeOfRuleVersion(text, db.ruleProgram.key.find(key)?.program ?? ''));
  }
  return { rows, bytes, lastTask };
}
