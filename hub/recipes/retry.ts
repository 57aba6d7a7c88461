import { SenderError } from 'spacetimedb/server';
import { requireRow } from '../lib/assertion.ts';
import { requireJson } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import type { Ctx, RunRow, StepRow } from '../schema.ts';
import { followersOf, reopenRun, takeUp } from './again.ts';
import { act, attempt, insertStep } from './begin.ts';
import { setTimeLimit } from './clocks.ts';
import { giveInput } from './given.ts';
import { frameOf } from './rows.ts';
import { isFinal, rootOf } from './runs.ts';
import type { Turn } from './turn.ts';

// A run that has ended is taken up again: a step and all that comes after it are done anew, and so is whatever had failed, was
// cut off or was undone. What had ended well stays as it is. A step that is done anew gets a new row, and the old one is kept.

/**
 * Takes a run up again from a step, with another input if one is given; without a step (0), where it failed. The runs that it is
 * inside of go on with it.
 * @throws SenderError when it has not ended, or the step is not one of it
 */
export function retryRun(turn: Turn, run: RunRow, stepId: bigint, input: string): void {
  const { step, owners } = requireRetriable(turn, run, stepId);
  if (input !== '') requireInput(step, input);
  reopenRun(turn, run.id);
  if (step) takeUpFrom(turn, step, true);
  else takeUp(turn, rootOf(turn.ctx, run.id), new Set(), undefined);
  if (step && input !== '') beginWith(turn, step, input);
  for (const owner of owners) {
    reopenRun(turn, owner.runId);
    takeUpFrom(turn, owner, false);
  }
}

/** Opens the frames again that a step stands in; `isAnew`: it is done anew itself, not just what comes after it. */
function takeUpFrom(turn: Turn, step: StepRow, isAnew: boolean): void {
  // From the inside: what is around it looks at what is open inside.
  for (const { id, node, frameId } of [step, ...aroundOf(turn.ctx, step)]) {
    const isOwn = isAnew && id === step.id;
    const fresh = followersOf(turn, step.runId, node);
    if (isOwn) fresh.add(node);
    const frame = requireRow(turn.ctx.db.frame.id.find(frameId), `frame ${frameId}`);
    takeUp(turn, frame, fresh, isOwn ? undefined : node);
  }
}

/** The steps of its run that a step is inside of, from the inside. */
export function aroundOf(ctx: Ctx, step: StepRow): StepRow[] {
  const around: StepRow[] = [];
  for (let { stepId } = frameOf(ctx, step); stepId !== 0n; ) {
    const outer = requireRow(ctx.db.step.id.find(stepId), `step ${stepId}`);
    around.push(outer);
    stepId = frameOf(ctx, outer).stepId;
  }
  return around;
}

export interface Retriable {
  readonly step: StepRow | undefined;
  /** The steps of other runs that go on with it, from the inside. */
  readonly owners: readonly StepRow[];
}

/** @throws SenderError when a run cannot be taken up from a step; 0 for where it failed */
export function requireRetriable(turn: Turn, run: RunRow, stepId: bigint): Retriable {
  requireOpenable(turn, run);
  const step = stepId === 0n ? undefined : requireStepOf(turn, run, stepId);
  if (!step && run.state.tag === 'Done') {
    throw new SenderError(`nothing-failed: run ${run.id} is done; name the step to go on from`);
  }
  const owners: StepRow[] = [];
  for (let inner = run; inner.parentStep !== 0n; ) {
    const owner = requireOwner(turn, inner);
    owners.push(owner);
    inner = turn.run(owner.runId);
  }
  return { step, owners };
}

function requireOpenable(turn: Turn, run: RunRow): void {
  if (!isFinal(run.state.tag)) {
    throw new SenderError(`not-ended: run ${run.id} is ${run.state.tag.toLowerCase()}; cancel it first`);
  }
  if (run.retries >= limits.runRetriesMax) {
    throw new SenderError(
      `too-many-retries: run ${run.id} was retried ${run.retries} times, the most that are allowed; start it anew`,
    );
  }
  if (!turn.ctx.db.recipeVersion.id.find(run.versionId)) {
    throw new SenderError(
      `no-such-recipe: the recipe ${run.recipe} of run ${run.id} was deleted; save and start it anew`,
    );
  }
}

function requireStepOf({ ctx }: Turn, run: RunRow, stepId: bigint): StepRow {
  const step = ctx.db.step.id.find(stepId);
  const isKnown = step?.runId === run.id && step.undoes === 0n;
  if (!isKnown || [step, ...aroundOf(ctx, step)].some(({ isReplaced }) => isReplaced)) {
    throw new SenderError(`no-such-step: step ${stepId} is not one of run ${run.id} that counts; look at its steps`);
  }
  return step;
}

/** The step of another run that a run is; that one goes on as well. */
function requireOwner(turn: Turn, run: RunRow): StepRow {
  const owner = turn.ctx.db.step.id.find(run.parentStep);
  const refused = (why: string) =>
    new SenderError(`part-of-a-run: run ${run.id} was a step of ${why}; start ${run.recipe} by itself`);
  if (!owner) throw refused('a run that is not kept any more');
  if (owner.isReplaced) throw refused(`run ${owner.runId}, which has done that step anew`);
  if (owner.state.tag === 'Undone') throw refused(`run ${owner.runId}, which has undone it`);
  requireOpenable(turn, turn.run(owner.runId));
  return owner;
}

function requireInput(step: StepRow | undefined, input: string): void {
  const kinds = ['Skill', 'Map', 'Recipe'];
  if (!step || !kinds.includes(step.kind.tag)) {
    throw new SenderError(
      'no-input: only a skill, a map or a recipe step can be given another input; name one of them',
    );
  }
  requireJson('input', input, 'send the JSON that the step expects');
}

/** A step is begun with an input that somebody has changed. */
function beginWith(turn: Turn, before: StepRow, input: string): void {
  const node = turn.node(before.runId, before.node);
  giveInput(turn.ctx, before, input);
  const step = insertStep(turn, frameOf(turn.ctx, before), before.node, node.action.kind);
  setTimeLimit(turn.ctx, step, node);
  attempt(turn, step, () => act(turn, step, node.action));
}
