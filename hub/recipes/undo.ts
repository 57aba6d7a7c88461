import { requireRow } from '../lib/assertion.ts';
import type { StepRow } from '../schema.ts';
import { attempt, insertStep, submitWork } from './begin.ts';
import { frameOf } from './rows.ts';
import { finishRun } from './runs.ts';
import type { Turn } from './turn.ts';

/** Begins the compensation of the step that ended last of those that are not undone; after the last one the run has failed. */
export function undoNext(turn: Turn, runId: bigint): void {
  const { ctx } = turn;
  const run = turn.run(runId);
  if (run.state.tag !== 'Undoing') return;
  if (run.undoHead === 0n) {
    finishRun(turn, run, 'Failed', run.error);
    return;
  }
  const step = requireRow(ctx.db.step.id.find(run.undoHead), `step ${run.undoHead}`);
  ctx.db.run.id.update({ ...run, undoHead: step.undoNext });
  const work = requireRow(turn.node(runId, step.node).compensate, `the compensation of step ${step.id}`);
  const undo = insertStep(turn, frameOf(ctx, step), step.node, 'Undo', step.id);
  attempt(turn, undo, () => submitWork(turn, undo, work));
}

/** A compensation has ended: what it was for is undone, and so is what that was a part of. Whether or not, the next one is due. */
export function afterUndo(turn: Turn, undo: StepRow): void {
  const { ctx } = turn;
  if (undo.state.tag === 'Done') {
    let step: StepRow | undefined = requireRow(ctx.db.step.id.find(undo.undoes), `step ${undo.undoes}`);
    while (step) {
      if (step.state.tag === 'Done') ctx.db.step.id.update({ ...step, state: { tag: 'Undone' } });
      else if (step.isHandled) ctx.db.step.id.update({ ...step, isHandled: false });
      const { stepId } = frameOf(ctx, step);
      step = stepId === 0n ? undefined : requireRow(ctx.db.step.id.find(stepId), `step ${stepId}`);
    }
  } else {
    const run = turn.run(undo.runId);
    ctx.db.run.id.update({ ...run, error: `${run.error}; ${undo.path} failed too: ${undo.error}` });
  }
  turn.next(undo.runId, 'Undo', 0n);
}
