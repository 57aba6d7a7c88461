import { SenderError, t } from 'spacetimedb/server';
import type { Json } from '../conditions/source.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { optionalText } from '../lib/text.ts';
import { requireAnswers } from '../recipes/answers.ts';
import { timedOut, woken } from '../recipes/arrivals.ts';
import { beginAgain } from '../recipes/begin.ts';
import { failStep } from '../recipes/fail.ts';
import type { Ask } from '../recipes/plan.ts';
import { retryRun as takeUpRun } from '../recipes/retry.ts';
import { endStep, isUnderWay } from '../recipes/rows.ts';
import { cancelRun as endRun, isFinal, startRun } from '../recipes/runs.ts';
import { deleteRecipeOf, saveRecipeText } from '../recipes/saving.ts';
import { Turn } from '../recipes/turn.ts';
import { takeKept, work } from '../recipes/work.ts';
import spacetimedb, { type RunRow } from '../schema.ts';
import { advanceTable, Notation, stepClockTable } from '../tables/recipes.ts';
import { requireMember, requireOwn, requireRun } from './access.ts';

/** Saves a recipe under the name in its text: as its next version, or as a new one. The same text again changes nothing. */
export const saveRecipe = spacetimedb.reducer(
  { name: 'save_recipe' },
  { tenantId: t.u64(), text: t.string(), notation: Notation },
  (ctx, { tenantId, text, notation }) => {
    requireMember(ctx, tenantId, 'Operator');
    saveRecipeText(ctx, tenantId, text, notation.tag);
  },
);

/** Forgets a recipe and its versions, unless a run of it goes on. */
export const deleteRecipe = spacetimedb.reducer(
  { name: 'delete_recipe' },
  { tenantId: t.u64(), name: t.string() },
  (ctx, { tenantId, name }) => {
    requireMember(ctx, tenantId, 'Operator');
    deleteRecipeOf(ctx, tenantId, name);
  },
);

/** Starts a recipe by its newest version. Sent again with the same reference by the same caller, it changes nothing. */
export const startRecipe = spacetimedb.reducer(
  { name: 'start_recipe' },
  { tenantId: t.u64(), recipe: t.string(), payload: t.string(), reference: t.string() },
  (ctx, { tenantId, recipe, payload, reference }) => {
    requireMember(ctx, tenantId, 'Operator');
    const turn = new Turn(ctx);
    const trigger = { kind: 'manual', source: '', subject: '', payload };
    startRun(turn, { tenantId, recipe, trigger, startedBy: ctx.sender, reference });
    work(turn);
  },
);

/** Begins no further steps of a run; those that are under way go on. */
export const pauseRun = spacetimedb.reducer({ name: 'pause_run' }, { runId: t.u64() }, (ctx, { runId }) => {
  const run = requireRun(ctx, runId);
  if (run.state.tag === 'Paused') return;
  requireState(run, 'Running', 'be paused');
  ctx.db.run.id.update({ ...run, state: { tag: 'Paused' } });
});

export const resumeRun = spacetimedb.reducer({ name: 'resume_run' }, { runId: t.u64() }, (ctx, { runId }) => {
  const run = requireRun(ctx, runId);
  if (run.state.tag === 'Running') return;
  requireState(run, 'Paused', 'be resumed');
  ctx.db.run.id.update({ ...run, state: { tag: 'Running' } });
  const turn = new Turn(ctx);
  takeKept(turn, runId);
  work(turn);
});

/** Ends a run and everything of it that is under way. What it did stays: nothing is undone. */
export const cancelRun = spacetimedb.reducer({ name: 'cancel_run' }, { runId: t.u64() }, (ctx, { runId }) => {
  const turn = new Turn(ctx);
  endRun(turn, requireRun(ctx, runId));
  work(turn);
});

/**
 * Takes a run up again that has ended: from a step and all that comes after it, or without a step (0) where it failed. Steps that
 * ended well are not done again. `input`, JSON, is given to the step instead of what the recipe says; empty for that.
 */
export const retryRun = spacetimedb.reducer(
  { name: 'retry_run' },
  { runId: t.u64(), stepId: t.u64(), input: t.string() },
  (ctx, { runId, stepId, input }) => {
    const turn = new Turn(ctx);
    takeUpRun(turn, requireRun(ctx, runId), stepId, input);
    work(turn);
  },
);

/** Answers a question that a run waits on. `inputs`: JSON of what it asks for. A rejection fails its step. */
export const decideApproval = spacetimedb.reducer(
  { name: 'decide_approval' },
  { approvalId: t.u64(), isApproved: t.bool(), note: t.string(), inputs: t.string() },
  (ctx, { approvalId, isApproved, note, inputs }) => {
    const asked = ctx.db.approval.id.find(approvalId);
    const { row: approval, member } = requireOwn(ctx, {
      what: 'approval',
      id: approvalId,
      row: asked,
      atLeast: asked?.role.tag ?? 'Viewer',
    });
    if (approval.state.tag !== 'Open') {
      throw new SenderError(
        `already-decided: approval ${approvalId} is ${approval.state.tag.toLowerCase()}; only open ones can be decided`,
      );
    }
    const words = optionalText('note', note, limits.feedbackCharsMax);
    const given = isApproved ? requireInputs(JSON.parse(approval.asks) as readonly Ask[], inputs) : {};
    ctx.db.approval.id.update({
      ...approval,
      state: { tag: isApproved ? 'Approved' : 'Rejected' },
      decidedBy: ctx.sender,
      decidedAt: ctx.timestamp,
      note: words,
      inputs: JSON.stringify(given),
    });
    const turn = new Turn(ctx);
    const step = requireRow(ctx.db.step.id.find(approval.stepId), `step ${approval.stepId}`);
    if (isApproved) {
      endStep(turn, step, { state: 'Done', output: { inputs: given, note: words, by: member.name } });
      turn.next(step.runId, 'Settle', step.id);
    } else failStep(turn, step, `rejected by ${member.name}${words === '' ? '' : `: ${words}`}`);
    work(turn);
  },
);

export const advance = spacetimedb.reducer(
  { onSchedule: advanceTable },
  { row: advanceTable.rowType },
  (ctx, { row }) => {
    ctx.db.advance.id.delete(row.id);
    const run = ctx.db.run.id.find(row.runId);
    if (!run || run.state.tag === 'Paused') return;
    const turn = new Turn(ctx);
    takeKept(turn, run.id);
    work(turn);
  },
);

/** A time that a step waits for, or was given, has come. */
export const onStepClock = spacetimedb.reducer(
  { onSchedule: stepClockTable },
  { row: stepClockTable.rowType },
  (ctx, { row }) => {
    const step = ctx.db.step.id.find(row.stepId);
    if (!step || !isUnderWay(step.state.tag)) return;
    const turn = new Turn(ctx);
    if (row.kind.tag === 'Timeout') timedOut(turn, step);
    else if (row.kind.tag === 'Wake') woken(turn, step);
    else if (step.state.tag === 'Waiting') beginAgain(turn, step);
    work(turn);
  },
);

function requireState(run: RunRow, expected: RunRow['state']['tag'], what: string): void {
  if (run.state.tag === expected) return;
  const seen = isFinal(run.state.tag) ? 'it has ended' : `it is ${run.state.tag.toLowerCase()}`;
  throw new SenderError(`wrong-state: run ${run.id} cannot ${what}: ${seen}; only ${expected.toLowerCase()} runs can`);
}

function requireInputs(asks: readonly Ask[], inputs: string): object {
  let given: Json;
  try {
    given = JSON.parse(inputs.trim() === '' ? '{}' : inputs) as Json;
  } catch {
    throw new SenderError('invalid-input: the inputs are not JSON; send what is asked for as JSON');
  }
  if (asks.length === 0) return {};
  requireAnswers('the answer', asks, given);
  const presets = asks.filter(({ preset }) => preset !== '').map(({ name, preset }) => [name, JSON.parse(preset)]);
  return { ...Object.fromEntries(presets), ...(given as object) };
}
