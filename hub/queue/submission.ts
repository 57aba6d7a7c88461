import type { Identity } from 'spacetimedb';
import { SenderError } from 'spacetimedb/server';
import { treeHolder } from '../budgets/budgets.ts';
import { requireRoom } from '../keeping/quotas.ts';
import { grow, sizeOfTask } from '../keeping/usage.ts';
import { isSame } from '../lib/identities.ts';
import { requireJson } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { clip, requireSkill, requireText } from '../lib/text.ts';
import type { Amounts, Ctx, TaskRow, TaskTerms } from '../schema.ts';
import { queueTask } from './endings.ts';
import { requireBand } from './lanes.ts';
import { dedupeOf, requireParent, requireTerms } from './terms.ts';
import { wakeAt } from './timers.ts';

export interface NewTask {
  readonly tenantId: bigint;
  readonly skill: string;
  readonly title: string;
  readonly input: string;
  readonly reference: string;
  readonly terms?: TaskTerms | undefined;
  /** Whose work it is; the caller's without. */
  readonly submittedBy?: Identity;
}

/** Queues a task whose submitter may do so; none when it, or another one with its dedupe key, is there already. */
export function queueNewTask(
  ctx: Ctx,
  { tenantId, skill, title, input, reference, terms: given, submittedBy = ctx.sender }: NewTask,
): TaskRow | undefined {
  const skillName = requireSkill(skill);
  const ownReference = requireText('reference', reference, limits.referenceCharsMax);
  const inputBytes = requireJson('input', input, 'send the JSON that the skill expects');
  if (isKnown(ctx, tenantId, ownReference, submittedBy)) return undefined;
  const terms = requireTerms(ctx, tenantId, given);
  const dedupe = dedupeOf(tenantId, terms);
  if (dedupe !== '' && ctx.db.dedupe.key.find(dedupe)) return undefined;
  const growth = { unfinishedTasks: 1, ...sizeOfTask(inputBytes) };
  requireRoom(ctx, tenantId, growth);
  const band = requireBand(ctx, { tenantId, skill: skillName, priority: terms.priority }, terms);
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
    submittedBy,
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
  queueTask(ctx, task, terms, 0, false, band);
  return task;
}

/** The root of the tree that a new task joins under `parent`. */
function joinTree(ctx: Ctx, tenantId: bigint, parent: bigint): bigint {
  const { root } = requireParent(ctx, tenantId, parent);
  const size = [...ctx.db.child.root.filter(root)].length + 1;
  if (size >= limits.treeTasksMax) {
    throw new SenderError(
      `tree-too-large: the tree of task ${root} has ${size} tasks, the most that are allowed; begin another one without a parent`,
    );
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

function isKnown(ctx: Ctx, tenantId: bigint, reference: string, submittedBy: Identity): boolean {
  for (const task of ctx.db.task.byReference.filter([tenantId, reference])) {
    if (isSame(task.submittedBy, submittedBy)) return true;
  }
  return false;
}
