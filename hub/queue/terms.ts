import { SenderError } from 'spacetimedb/server';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { optionalText } from '../lib/text.ts';
import { after, isBefore } from '../lib/time.ts';
import type { Ctx, TaskRow, TaskTerms } from '../schema.ts';

export const defaultTerms: TaskTerms = {
  target: undefined,
  priority: limits.priorityDefault,
  runAfter: undefined,
  deadline: undefined,
  attemptsMax: 0,
  dedupeKey: '',
  concurrencyKey: '',
  concurrencyMax: 0,
  labels: [],
  parent: undefined,
  needs: undefined,
  treeBudget: undefined,
};

/** Which tasks stand for one another: no two with the same dedupe key are unfinished in a tenant. Empty for none. */
export function dedupeOf(tenantId: bigint, { dedupeKey }: TaskTerms): string {
  return dedupeKey === '' ? '' : `${tenantId}/${dedupeKey}`;
}

/** The terms that a task was submitted with. */
export function termsOf(ctx: Ctx, taskId: bigint): TaskTerms {
  return requireRow(ctx.db.taskInput.taskId.find(taskId), `the terms of task ${taskId}`).terms;
}

/** The terms with their defaults. @throws SenderError that says what is wrong with them */
export function requireTerms(ctx: Ctx, tenantId: bigint, given: TaskTerms | undefined): TaskTerms {
  if (!given) return defaultTerms;
  const { target, priority, runAfter, deadline, attemptsMax, concurrencyMax } = given;
  if (priority > limits.priorityMax) {
    throw new SenderError(`invalid-priority: the priority is ${priority}; choose one from 0 to ${limits.priorityMax}`);
  }
  if (attemptsMax > limits.attemptsMax) {
    throw new SenderError(
      `invalid-attempts: ${attemptsMax} attempts, at most ${limits.attemptsMax} are allowed; choose fewer`,
    );
  }
  const latest = after(ctx.timestamp, limits.aheadMsMax);
  if ((runAfter && isBefore(latest, runAfter)) || (deadline && isBefore(latest, deadline))) {
    throw new SenderError(
      'too-far-ahead: runAfter or the deadline lies more than a year ahead; choose an earlier time',
    );
  }
  if (deadline && !isBefore(ctx.timestamp, deadline)) {
    throw new SenderError('deadline-passed: the deadline lies in the past; choose a later one');
  }
  if (deadline && runAfter && !isBefore(runAfter, deadline)) {
    throw new SenderError('deadline-passed: the deadline lies before runAfter; choose a later one');
  }
  if (given.treeBudget && given.parent !== undefined) {
    throw new SenderError(
      'invalid-tree-budget: a task with a parent brings a budget for its tree; give it to the first task of the tree',
    );
  }
  const concurrencyKey = optionalText('concurrency-key', given.concurrencyKey, limits.keyCharsMax);
  if (concurrencyKey !== '' && (concurrencyMax < 1 || concurrencyMax > limits.concurrencyMax)) {
    throw new SenderError(
      `invalid-concurrency: ${concurrencyMax} tasks at once for a concurrency key; choose 1 to ${limits.concurrencyMax}`,
    );
  }
  if (target && !isLimbOf(ctx, tenantId, target)) {
    throw new SenderError('no-such-limb: the target is not a limb of this tenant; name the Identity of one that is');
  }
  return {
    ...given,
    attemptsMax,
    dedupeKey: optionalText('dedupe-key', given.dedupeKey, limits.keyCharsMax),
    concurrencyKey,
    labels: requireLabels(given.labels),
  };
}

/** The task that a new one is a part of: an unfinished or finished one of the same tenant. */
export function requireParent(ctx: Ctx, tenantId: bigint, parent: bigint): TaskRow {
  const task = ctx.db.task.id.find(parent);
  if (task?.tenantId !== tenantId) {
    throw new SenderError(
      `no-such-parent: there is no task ${parent} in this tenant to be a part of; check the number`,
    );
  }
  return task;
}

/** Labels in one order and each once. */
export function requireLabels(labels: readonly string[]): string[] {
  if (labels.length > limits.labelsMax) {
    throw new SenderError(
      `too-many-labels: ${labels.length} labels, at most ${limits.labelsMax} are allowed; name fewer of them`,
    );
  }
  for (const label of labels) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._:=-]{0,62}$/.test(label)) {
      throw new SenderError(
        `invalid-label: ${JSON.stringify(label)} is not a label; it starts with a letter or digit, after it _ - . : = may stand too, at most 63 characters`,
      );
    }
  }
  return [...new Set(labels)].sort();
}

function isLimbOf(ctx: Ctx, tenantId: bigint, identity: NonNullable<TaskTerms['target']>): boolean {
  for (const limb of ctx.db.limb.identity.filter(identity)) if (limb.tenantId === tenantId) return true;
  return false;
}
