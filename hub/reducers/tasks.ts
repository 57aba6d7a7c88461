import { SenderError, t } from 'spacetimedb/server';
import { treeHolder } from '../budgets/budgets.ts';
import { requireRoom } from '../keeping/quotas.ts';
import { grow, sizeOfTask } from '../keeping/usage.ts';
import { requireRow } from '../lib/assertion.ts';
import { isSame } from '../lib/identities.ts';
import { limits } from '../lib/limits.ts';
import { isFinished } from '../lib/states.ts';
import { clip, requireSkill, requireText, utf8Bytes } from '../lib/text.ts';
import { isBefore } from '../lib/time.ts';
import { finishTask, queueTask } from '../queue/endings.ts';
import { moveTask } from '../queue/moves.ts';
import { wakeAt } from '../queue/timers.ts';
import spacetimedb, { type Amounts, type Ctx, type TaskRow, type TaskTerms as TaskTermsType } from '../schema.ts';
import { TaskTerms } from '../tables/tasks.ts';
import { requireMember, requireTask } from './access.ts';
import { requireParent, requireTerms } from './terms.ts';

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

export interface NewTask {
  readonly tenantId: bigint;
  readonly skill: string;
  readonly title: string;
  readonly input: string;
  readonly reference: string;
  readonly terms?: TaskTermsType | undefined;
}

/** Queues a task whose submitter may do so; none when it, or another one with its dedupe key, is there already. */
export function queueNewTask(
  ctx: Ctx,
  { tenantId, skill, title, input, reference, terms: given }: NewTask,
): TaskRow | undefined {
  const skillName = requireSkill(skill);
  const ownReference = requireText('reference', reference, limits.referenceCharsMax);
  const inputBytes = requireJson(input);
  if (isKnown(ctx, tenantId, ownReference)) return undefined;
  const terms = requireTerms(ctx, tenantId, given);
  const dedupe = terms.dedupeKey === '' ? '' : `${tenantId}/${terms.dedupeKey}`;
  if (dedupe !== '' && ctx.db.dedupe.key.find(dedupe)) return undefined;
  const growth = { unfinishedTasks: 1, ...sizeOfTask(inputBytes) };
  requireRoom(ctx, tenantId, growth);
  const inserted = ctx.db.task.insert({
    id: 0n,
    tenantId,
    reference: ownReference,
    skill: skillName,
    title: clip(requireText('title', title, limits.inputBytesMax).split('\n', 1)[0] ?? '', limits.titleCharsMax),
    state: { tag: 'Queued' },
    priority: terms.priority,
    attempt: 0,
    failures: 0,
    attemptsMax: terms.attemptsMax === 0 ? limits.attemptsDefault : terms.attemptsMax,
    limb: undefined,
    parent: terms.parent,
    root: terms.parent === undefined ? 0n : joinTree(ctx, tenantId, terms.parent),
    submittedBy: ctx.sender,
    submittedAt: ctx.timestamp,
    claimedAt: undefined,
    finishedAt: undefined,
    error: '',
  });
  const task = terms.parent === undefined ? ctx.db.task.id.update({ ...inserted, root: inserted.id }) : inserted;
  ctx.db.taskInput.insert({ taskId: task.id, tenantId, input, terms });
  grow(ctx, tenantId, growth, task.id);
  if (terms.parent !== undefined) ctx.db.child.insert({ taskId: task.id, parent: terms.parent, root: task.root });
  if (dedupe !== '') ctx.db.dedupe.insert({ key: dedupe, taskId: task.id });
  if (terms.treeBudget) openTreeBudget(ctx, task, terms.treeBudget);
  if (terms.deadline) wakeAt(ctx, task.id, terms.deadline, 'Deadline');
  queueTask(ctx, task, 0);
  return task;
}

/** Ends a task that has not finished, and its parts with it. A limb that works on one sees its lease go and stops. */
export const cancelTask = spacetimedb.reducer({ name: 'cancel_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  cancelTree(ctx, requireTask(ctx, taskId, 'Operator'));
});

/** Queues a task again that has failed or was given up, with all of its attempts before it. */
export const redriveTask = spacetimedb.reducer({ name: 'redrive_task' }, { taskId: t.u64() }, (ctx, { taskId }) => {
  const task = requireTask(ctx, taskId, 'Operator');
  if (!redrive(ctx, task)) {
    throw new SenderError(
      `not-redrivable: task ${taskId} is ${task.state.tag.toLowerCase()}; only failed and dead ones can be redriven`,
    );
  }
});

/** Queues the dead tasks of a tenant again, the oldest first, at most 1,000 at a time. */
export const redriveAll = spacetimedb.reducer({ name: 'redrive_all' }, { tenantId: t.u64() }, (ctx, { tenantId }) => {
  requireMember(ctx, tenantId, 'Operator');
  const dead = [...ctx.db.deadLetter.tenantId.filter(tenantId)].map(({ taskId }) => taskId).sort(ascending);
  for (const taskId of dead.slice(0, limits.redrivenMax)) {
    redrive(ctx, requireRow(ctx.db.task.id.find(taskId), `task ${taskId}`));
  }
});

function redrive(ctx: Ctx, task: TaskRow): boolean {
  if (task.state.tag !== 'Failed' && task.state.tag !== 'Dead') return false;
  const { terms } = requireRow(ctx.db.taskInput.taskId.find(task.id), `the terms of task ${task.id}`);
  const dedupe = terms.dedupeKey === '' ? '' : `${task.tenantId}/${terms.dedupeKey}`;
  if (dedupe !== '' && ctx.db.dedupe.key.find(dedupe)) {
    throw new SenderError(`duplicate: another task with the dedupe key of task ${task.id} is under way`);
  }
  requireRoom(ctx, task.tenantId, { unfinishedTasks: 1 });
  if (dedupe !== '') ctx.db.dedupe.insert({ key: dedupe, taskId: task.id });
  ctx.db.deadLetter.taskId.delete(task.id);
  if (terms.deadline && isBefore(ctx.timestamp, terms.deadline)) wakeAt(ctx, task.id, terms.deadline, 'Deadline');
  queueTask(ctx, moveTask(ctx, task, 'Queued', { failures: 0 }), 0);
  return true;
}

/** Children before their parents, so that no part starts when another one makes room. */
function cancelTree(ctx: Ctx, task: TaskRow): void {
  for (const { taskId } of [...ctx.db.child.parent.filter(task.id)]) {
    cancelTree(ctx, requireRow(ctx.db.task.id.find(taskId), `task ${taskId}`));
  }
  if (!isFinished(task.state.tag)) finishTask(ctx, task, 'Cancelled', { outcome: 'Cancelled' });
}

/** The root of the tree that a new task joins under `parent`. */
function joinTree(ctx: Ctx, tenantId: bigint, parent: bigint): bigint {
  const { root } = requireParent(ctx, tenantId, parent);
  const size = [...ctx.db.child.root.filter(root)].length + 1;
  if (size >= limits.treeTasksMax) {
    throw new SenderError(`tree-too-large: the tree of task ${root} has ${size} tasks, the most that are allowed`);
  }
  return root;
}

function openTreeBudget(ctx: Ctx, task: TaskRow, amounts: Amounts): void {
  const parts = [
    ['Tokens', amounts.tokens],
    ['Micros', amounts.micros],
    ['Seconds', amounts.seconds],
  ] as const;
  for (const [unit, bound] of parts) {
    if (bound === 0n) continue;
    ctx.db.budget.insert({
      id: 0n,
      tenantId: task.tenantId,
      holder: treeHolder(task.tenantId, task.root),
      scope: { tag: 'Tree' },
      unit: { tag: unit },
      period: { tag: 'Total' },
      bound,
      spent: 0n,
      reserved: 0n,
      since: '',
    });
  }
}

function isKnown(ctx: Ctx, tenantId: bigint, reference: string): boolean {
  for (const task of ctx.db.task.byReference.filter([tenantId, reference])) {
    if (isSame(task.submittedBy, ctx.sender)) return true;
  }
  return false;
}

/** @returns how many bytes it has */
function requireJson(input: string): number {
  const bytes = utf8Bytes(input);
  if (bytes > limits.inputBytesMax) {
    throw new SenderError(`input-too-large: the input is ${bytes} bytes, at most ${limits.inputBytesMax} are allowed`);
  }
  try {
    JSON.parse(input);
    return bytes;
  } catch {
    throw new SenderError('invalid-input: the input is not JSON; send the JSON that the skill expects');
  }
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}
