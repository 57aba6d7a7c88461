import { SenderError } from 'spacetimedb/server';
import type { Json } from '../conditions/source.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { utf8Bytes } from '../lib/text.ts';
import type { FrameRow, RunRow, StepRow } from '../schema.ts';
import { followersOf, takeUp } from './again.ts';
import { attempt, beginMap, insertStep, setTimeLimit, submitWork } from './begin.ts';
import { frameOf } from './rows.ts';
import { countRuns, isFinal, rootOf, startInside } from './runs.ts';
import type { Turn } from './turn.ts';

// A run that has ended is taken up again: a step and all that comes after it are done anew, and so is whatever had failed, was
// cut off or was undone. What had ended well stays as it is. A step that is done anew gets a new row, and the old one is kept.

/**
 * Takes a run up again from a step, with another input if one is given; without a step, where it failed.
 * @throws SenderError when it has not ended, or the step is not one of it
 */
export function retryRun(turn: Turn, run: RunRow, stepId: bigint, input: string): void {
  const { ctx } = turn;
  const step = stepId === 0n ? undefined : requireStepOf(turn, run, stepId);
  requireRetriable(turn, run, step, input);
  countRuns(ctx, run.tenantId, 1);
  ctx.db.run.id.update({
    ...turn.run(run.id),
    state: { tag: 'Running' },
    error: '',
    finishedAt: undefined,
    endedDay: 0,
    retries: run.retries + 1,
  });
  if (!step) {
    takeUp(turn, rootOf(ctx, run.id), new Set(), undefined);
    return;
  }
  const frames: [FrameRow, number][] = [];
  for (let inner: StepRow | undefined = step; inner; ) {
    if (inner.isReplaced) throw noSuchStep(run, stepId);
    const frame = frameOf(ctx, inner);
    frames.push([frame, inner.node]);
    inner = frame.stepId === 0n ? undefined : requireRow(ctx.db.step.id.find(frame.stepId), `step ${frame.stepId}`);
  }
  // From the inside: what is around it looks at what is open inside.
  for (const [at, [frame, node]] of frames.entries()) {
    const isOwn = at === 0;
    const fresh = followersOf(turn, run.id, node);
    if (isOwn) fresh.add(node);
    takeUp(turn, frame, fresh, isOwn ? undefined : node);
  }
  if (input !== '') beginWith(turn, step, input);
}

function requireRetriable(turn: Turn, run: RunRow, step: StepRow | undefined, input: string): void {
  if (!isFinal(run.state.tag)) {
    throw new SenderError(`not-ended: run ${run.id} is ${run.state.tag.toLowerCase()}; cancel it first`);
  }
  if (run.parentStep !== 0n) {
    const owner = turn.ctx.db.step.id.find(run.parentStep);
    throw new SenderError(
      `part-of-a-run: run ${run.id} is a step of run ${owner?.runId}; retry that one from step ${owner?.path}`,
    );
  }
  if (run.retries >= limits.runRetriesMax) {
    throw new SenderError(
      `too-many-retries: run ${run.id} was retried ${run.retries} times, the most that are allowed`,
    );
  }
  if (!step && run.state.tag === 'Done') {
    throw new SenderError(`nothing-failed: run ${run.id} is done; name the step to go on from`);
  }
  if (!turn.ctx.db.recipeVersion.id.find(run.versionId)) {
    throw new SenderError(
      `no-such-recipe: the recipe ${run.recipe} of run ${run.id} was deleted; save and start it anew`,
    );
  }
  if (input === '') return;
  const kinds = ['Skill', 'Map', 'Recipe'];
  if (!step || !kinds.includes(step.kind.tag)) {
    throw new SenderError(
      'no-input: only a skill, a map or a recipe step can be given another input; name one of them',
    );
  }
  const bytes = utf8Bytes(input);
  if (bytes > limits.inputBytesMax) {
    throw new SenderError(`input-too-large: the input is ${bytes} bytes, at most ${limits.inputBytesMax} are allowed`);
  }
  try {
    JSON.parse(input);
  } catch {
    throw new SenderError('invalid-input: the input is not JSON');
  }
}

function requireStepOf({ ctx }: Turn, run: RunRow, stepId: bigint): StepRow {
  const step = ctx.db.step.id.find(stepId);
  if (step?.runId !== run.id || step.undoes !== 0n) throw noSuchStep(run, stepId);
  return step;
}

function noSuchStep(run: RunRow, stepId: bigint): SenderError {
  return new SenderError(`no-such-step: step ${stepId} is not one of run ${run.id} that counts; look at its steps`);
}

/** A step is begun with an input that somebody has changed. */
function beginWith(turn: Turn, before: StepRow, input: string): void {
  const frame = frameOf(turn.ctx, before);
  const node = turn.node(before.runId, before.node);
  const { action } = node;
  const step = insertStep(turn, frame, before.node, action.kind);
  setTimeLimit(turn.ctx, step, node);
  attempt(turn, step, () => {
    if (action.kind === 'Skill') submitWork(turn, step, action.work, input);
    if (action.kind === 'Map') beginMap(turn, step, JSON.parse(input) as Json);
    if (action.kind === 'Recipe') startInside(turn, step, action.recipe, input);
  });
}
