import { SenderError } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
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

/** The terms with their defaults, or a rejection that says what is wrong with them. */
export function requireTerms(ctx: Ctx, tenantId: bigint, given: TaskTerms | undefined): TaskTerms {
  if (!given) return defaultTerms;
  const { target, priority, runAfter, deadline, attemptsMax, concurrencyMax } = given;
  if (priority > limits.priorityMax) {
    throw new SenderError(`invalid-priority: ${priority} is not between 0 and ${limits.priorityMax}`);
  }
  if (attemptsMax > limits.attemptsMax) {
    throw new SenderError(`invalid-attempts: ${attemptsMax} attempts, at most ${limits.attemptsMax} are allowed`);
  }
  const latest = after(ctx.timestamp, limits.aheadMsMax);
  if ((runAfter && isBefore(latest, runAfter)) || (deadline && isBefore(latest, deadline))) {
    throw new SenderError('too-far-ahead: runAfter and deadline lie at most a year ahead');
  }
  if (deadline && !isBefore(ctx.timestamp, deadline)) {
    throw new SenderError('deadline-passed: the deadline lies in the past; choose a later one');
  }
  if (deadline && runAfter && !isBefore(runAfter, deadline)) {
    throw new SenderError('deadline-passed: the deadline lies before runAfter; choose a later one');
  }
  if (given.treeBudget && given.parent !== undefined) {
    throw new SenderError('invalid-tree-budget: only the first task of a tree can bring a budget for it');
  }
  const concurrencyKey = optionalKey('concurrency-key', given.concurrencyKey);
  if (concurrencyKey !== '' && (concurrencyMax < 1 || concurrencyMax > limits.concurrencyMax)) {
    throw new SenderError(
      `invalid-concurrency: ${concurrencyMax} tasks at once for a key, expected 1 to ${limits.concurrencyMax}`,
    );
  }
  if (target && !isLimbOf(ctx, tenantId, target)) {
    throw new SenderError('no-such-limb: the target is not a limb of this tenant; name the Identity of one that is');
  }
  return {
    ...given,
    attemptsMax,
    dedupeKey: optionalKey('dedupe-key', given.dedupeKey),
    concurrencyKey,
    labels: requireLabels(given.labels),
  };
}

/** The task that a new one is a part of: an unfinished or finished one of the same tenant. */
export function requireParent(ctx: Ctx, tenantId: bigint, parent: bigint): TaskRow {
  const task = ctx.db.task.id.find(parent);
  if (task?.tenantId !== tenantId) {
    throw new SenderError(`no-such-parent: there is no task ${parent} in this tenant to be a part of`);
  }
  return task;
}

/** Labels in one order and each once. */
export function requireLabels(labels: readonly string[]): string[] {
  if (labels.length > limits.labelsMax) {
    throw new SenderError(`too-many-labels: ${labels.length} labels, at most ${limits.labelsMax} are allowed`);
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

function optionalKey(what: string, key: string): string {
  return key.trim() === '' ? '' : requireText(what, key, limits.keyCharsMax);
}

function isLimbOf(ctx: Ctx, tenantId: bigint, identity: NonNullable<TaskTerms['target']>): boolean {
  for (const limb of ctx.db.limb.identity.filter(identity)) if (limb.tenantId === tenantId) return true;
  return false;
}
