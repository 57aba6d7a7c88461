import type { Identity } from 'spacetimedb';
import { SenderError } from 'spacetimedb/server';
import type { Json } from '../conditions/source.ts';
import { requireRoom } from '../keeping/quotas.ts';
import { grow } from '../keeping/usage.ts';
import { requireRow } from '../lib/assertion.ts';
import { isSame } from '../lib/identities.ts';
import { requireJson } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { requireText, utf8Bytes } from '../lib/text.ts';
import type { Ctx, FrameRow, RecipeRow, RecipeVersionRow, RunRow, RunStateTag, StepRow } from '../schema.ts';
import { requireAnswers } from './answers.ts';
import { failStep } from './fail.ts';
import { today } from './forgetting.ts';
import { planOfVersion } from './plans.ts';
import { addCosts, endStep, isUnderWay, openFrame } from './rows.ts';
import type { Turn } from './turn.ts';
import { resultOf } from './values.ts';

export interface NewRun {
  readonly tenantId: bigint;
  /** The recipe's name. */
  readonly recipe: string;
  readonly trigger: Trigger;
  readonly startedBy: Identity;
  /** The starter's own key: with one that is known nothing happens. */
  readonly reference: string;
  /** The step of another run that it is. Default: none. */
  readonly inside?: StepRow;
}

/** What started a run. */
export interface Trigger {
  /** `manual`, `recipe`, or the kind of an event. */
  readonly kind: string;
  readonly source: string;
  readonly subject: string;
  /** JSON. */
  readonly payload: string;
}

/**
 * Starts a recipe by its newest version, for somebody who may do so; none when its reference is known.
 * @throws SenderError when there is no such recipe, what it is given does not fit, or there is no room
 */
export function startRun(
  turn: Turn,
  { tenantId, recipe: name, trigger, startedBy, reference, inside }: NewRun,
): RunRow | undefined {
  const { ctx } = turn;
  const ownReference = requireText('reference', reference, limits.referenceCharsMax);
  if (!inside && isKnown(ctx, tenantId, ownReference, startedBy)) return undefined;
  const recipe = requireRecipe(ctx, tenantId, name);
  const version = requireRow(newestVersion(ctx, recipe), `version ${recipe.version} of recipe ${recipe.id}`);
  const plan = planOfVersion(version);
  const written = writtenTrigger(trigger);
  requireAnswers('the payload', plan.inputs, JSON.parse(trigger.payload) as Json);
  const growth = { rows: 2, bytes: utf8Bytes(written) };
  requireRoom(ctx, tenantId, growth);
  const depth = inside ? turn.run(inside.runId).depth + 1 : 0;
  if (depth > limits.runDepthMax) {
    throw new SenderError(
      `too-deep: ${name} would be the ${depth}th run inside of another, at most ${limits.runDepthMax} are allowed; start fewer of them inside of one another`,
    );
  }
  countRuns(ctx, tenantId, 1);
  const run = ctx.db.run.insert({
    id: 0n,
    tenantId,
    recipeId: recipe.id,
    recipe: recipe.name,
    version: version.version,
    versionId: version.id,
    state: { tag: 'Running' },
    reference: ownReference,
    startedBy,
    startedAt: ctx.timestamp,
    finishedAt: undefined,
    endedDay: 0,
    error: '',
    parentStep: inside?.id ?? 0n,
    depth,
    stepCount: 0,
    endedCount: 0,
    tokensIn: 0n,
    tokensOut: 0n,
    costMicros: 0n,
    retries: 0,
    undoHead: 0n,
  });
  ctx.db.runData.insert({ runId: run.id, tenantId, trigger: written, output: '' });
  ctx.db.recipe.id.update({ ...recipe, startedAt: ctx.timestamp });
  grow(ctx, tenantId, growth);
  openFrame(turn, { runId: run.id, tenantId, stepId: 0n, block: 0, index: 0, item: '' });
  return run;
}

/** Starts the run that a step is. */
export function startInside(turn: Turn, step: StepRow, recipe: string, payload: string): void {
  const { startedBy, recipe: source } = turn.run(step.runId);
  const trigger = { kind: 'recipe', source, subject: step.path, payload };
  const reference = `step ${step.id}`;
  startRun(turn, { tenantId: step.tenantId, recipe, trigger, startedBy, reference, inside: step });
}

export function findRecipe(ctx: Ctx, tenantId: bigint, name: string): RecipeRow | undefined {
  for (const recipe of ctx.db.recipe.byName.filter([tenantId, name])) return recipe;
  return undefined;
}

export function requireRecipe(ctx: Ctx, tenantId: bigint, name: string): RecipeRow {
  const recipe = findRecipe(ctx, tenantId, name);
  if (recipe) return recipe;
  throw new SenderError(`no-such-recipe: there is no recipe ${JSON.stringify(name)} in this tenant; save it first`);
}

export function newestVersion(ctx: Ctx, { id, version }: RecipeRow): RecipeVersionRow | undefined {
  for (const row of ctx.db.recipeVersion.byNumber.filter([id, version])) return row;
  return undefined;
}

/** All steps of a run have ended. */
export function endRun(turn: Turn, root: FrameRow): void {
  const output = JSON.stringify(resultOf(turn.ctx, turn.plan(root.runId), root));
  const isTooLarge = utf8Bytes(output) > limits.inputBytesMax;
  const note = `the output has ${output.length} characters and was left out, at most ${limits.inputBytesMax} are kept`;
  finishRun(turn, turn.run(root.runId), 'Done', isTooLarge ? note : '', {
    output: isTooLarge ? 'null' : output,
  });
}

/** A step that nobody caught has failed: what was done is undone, if there is a way. */
export function failRun(turn: Turn, runId: bigint, error: string): void {
  const run = turn.run(runId);
  if (run.undoHead === 0n) {
    finishRun(turn, run, 'Failed', error);
    return;
  }
  turn.ctx.db.run.id.update({ ...run, state: { tag: 'Undoing' }, error });
  turn.next(runId, 'Undo', 0n);
}

/** Ends a run that has not ended, and everything of it that is under way. `tells`: the step that it is fails with it. */
export function cancelRun(turn: Turn, run: RunRow, tells = true): void {
  const { ctx } = turn;
  if (isFinal(run.state.tag)) return;
  for (const { id, kind } of [...ctx.db.move.runId.filter(run.id)]) {
    if (kind.tag !== 'Replace') ctx.db.move.id.delete(id);
  }
  const root = rootOf(ctx, run.id);
  ctx.db.frame.id.update({ ...root, isOpen: false });
  for (const step of [...ctx.db.step.byNode.filter(root.id)]) {
    if (isUnderWay(step.state.tag)) turn.next(run.id, 'Cancel', step.id);
  }
  finishRun(turn, run, 'Cancelled', '', { tells });
}

/** Ends the run that a step is, which ends for another reason and does not hear of it. */
export function cancelInside(turn: Turn, step: StepRow): void {
  for (const run of [...turn.ctx.db.run.parentStep.filter(step.id)]) cancelRun(turn, run, false);
}

export function finishRun(
  turn: Turn,
  run: RunRow,
  to: Extract<RunStateTag, 'Done' | 'Failed' | 'Cancelled'>,
  error: string,
  { output = '', tells = true }: { readonly output?: string; readonly tells?: boolean } = {},
): void {
  const { ctx } = turn;
  ctx.db.run.id.update({ ...run, state: { tag: to }, error, finishedAt: ctx.timestamp, endedDay: today(ctx) });
  countRuns(ctx, run.tenantId, -1);
  if (output !== '') {
    const data = requireRow(ctx.db.runData.runId.find(run.id), `the data of run ${run.id}`);
    ctx.db.runData.runId.update({ ...data, output });
    grow(ctx, run.tenantId, { bytes: utf8Bytes(output) - utf8Bytes(data.output) });
  }
  const owner = run.parentStep === 0n ? undefined : ctx.db.step.id.find(run.parentStep);
  if (!owner) return;
  // One that was taken up again has told before what it had used until then.
  const paid = addCosts(turn, owner, {
    tokensIn: run.tokensIn - owner.tokensIn,
    tokensOut: run.tokensOut - owner.tokensOut,
    costMicros: run.costMicros - owner.costMicros,
  });
  if (!tells || !isUnderWay(paid.state.tag) || paid.isReplaced) return;
  if (to !== 'Done') {
    failStep(turn, paid, to === 'Failed' ? `run ${run.id}: ${error}` : `run ${run.id} was cancelled`);
    return;
  }
  endStep(turn, paid, { state: 'Done', output: { runId: String(run.id), value: JSON.parse(output) as Json } });
  turn.next(owner.runId, 'Settle', owner.id);
}

export function isFinal(state: RunStateTag): state is 'Done' | 'Failed' | 'Cancelled' {
  return state === 'Done' || state === 'Failed' || state === 'Cancelled';
}

export function rootOf(ctx: Ctx, runId: bigint): FrameRow {
  for (const frame of ctx.db.frame.byOwner.filter([runId, 0n])) return frame;
  return requireRow<FrameRow>(undefined, `the first frame of run ${runId}`);
}

/** Notes that a tenant has more or fewer runs that have not ended. */
export function countRuns(ctx: Ctx, tenantId: bigint, more: 1 | -1): void {
  const usage = requireRow(ctx.db.usage.tenantId.find(tenantId), `the usage of tenant ${tenantId}`);
  const unfinishedRuns = usage.unfinishedRuns + more;
  if (more > 0 && unfinishedRuns > limits.unfinishedRunsMax) {
    throw new SenderError(
      `runs-full: the tenant has ${usage.unfinishedRuns} unfinished runs, at most ${limits.unfinishedRunsMax} are allowed; wait or cancel some`,
    );
  }
  ctx.db.usage.tenantId.update({ ...usage, unfinishedRuns });
}

function isKnown(ctx: Ctx, tenantId: bigint, reference: string, startedBy: Identity): boolean {
  for (const run of ctx.db.run.byReference.filter([tenantId, reference]))
    if (isSame(run.startedBy, startedBy)) return true;
  return false;
}

function writtenTrigger({ kind, source, subject, payload }: Trigger): string {
  requireJson('payload', payload, 'send {} when there is nothing to say');
  return JSON.stringify({ kind, source, subject, payload: JSON.parse(payload) as Json });
}
