import { evaluate } from '../conditions/evaluate.ts';
import { requireRow } from '../lib/assertion.ts';
import type { FrameRow, StepRow } from '../schema.ts';
import { stopInside } from './cancel.ts';
import { failStep } from './fail.ts';
import { endStep, isPassed, isReady, isUnderWay, openFrame, stepsIn } from './rows.ts';
import { endRun, failRun } from './runs.ts';
import type { Turn } from './turn.ts';
import { afterUndo } from './undo.ts';
import { isRecovery, resultOf, scopeOf } from './values.ts';

/** A step has ended: those go on that waited for it, and what it stands in ends when it was the last one. */
export function settle(turn: Turn, step: StepRow): void {
  const { ctx } = turn;
  if (step.undoes !== 0n) {
    afterUndo(turn, step);
    return;
  }
  const frame = ctx.db.frame.id.find(step.frameId);
  if (!frame?.isOpen || step.isReplaced) return;
  if (!isPassed(step)) {
    failFrame(turn, frame, step);
    return;
  }
  const remaining = frame.remaining - 1;
  ctx.db.frame.id.update({ ...frame, remaining, isOpen: remaining > 0 });
  if (remaining === 0) {
    endFrame(turn, frame);
    return;
  }
  for (const follower of turn.node(step.runId, step.node).followers) {
    if (isReady(turn, frame, follower)) turn.start(step.runId, frame.id, follower);
  }
}

/** A step that nobody caught: nothing else of its frame goes on, and what the frame is a part of fails. */
function failFrame(turn: Turn, frame: FrameRow, { path, error }: StepRow): void {
  turn.ctx.db.frame.id.update({ ...frame, isOpen: false });
  for (const other of stepsIn(turn.ctx, frame.id)) {
    if (isUnderWay(other.state.tag)) turn.next(frame.runId, 'Cancel', other.id);
  }
  const owner = ownerOf(turn, frame);
  const why = error.startsWith('step ') ? error : `step ${path}: ${error}`;
  if (!owner) {
    failRun(turn, frame.runId, why);
    return;
  }
  stopInside(turn, owner);
  failStep(turn, owner, why);
}

function endFrame(turn: Turn, frame: FrameRow): void {
  const { ctx } = turn;
  const owner = ownerOf(turn, frame);
  if (!owner) {
    endRun(turn, frame);
    return;
  }
  if (isRecovery(turn.plan(frame.runId), owner, frame.block)) {
    endStep(turn, owner, { state: 'Failed', error: owner.error, isHandled: true });
    turn.next(frame.runId, 'Settle', owner.id);
    return;
  }
  // An item that its map has yet to come to is counted then.
  const closed = owner.closed + (frame.index < owner.opened ? 1 : 0);
  const counted = ctx.db.step.id.update({ ...owner, closed });
  const { action } = turn.node(frame.runId, owner.node);
  if (action.kind === 'Map') {
    turn.next(frame.runId, 'Spread', owner.id);
    return;
  }
  if (action.kind === 'Loop') {
    const scope = () =>
      scopeOf(ctx, turn.run(frame.runId), turn.plan(frame.runId), frame, {
        value: () => resultOf(ctx, turn.plan(frame.runId), frame),
      });
    const failure = action.until ? evaluate(action.until, scope()) : undefined;
    const isLast = closed >= action.max;
    if (action.until && failure && isLast) {
      failStep(turn, counted, `after ${action.max} rounds this does not hold: ${failure.condition}`);
      return;
    }
    if (action.until ? failure : !isLast) {
      nextRound(turn, counted, frame.block);
      return;
    }
  } else if (closed < counted.total) return;
  endStep(turn, counted, { state: 'Done' });
  turn.next(frame.runId, 'Settle', owner.id);
}

function nextRound(turn: Turn, step: StepRow, block: number): void {
  const { id, runId, tenantId, opened } = step;
  turn.ctx.db.step.id.update({ ...step, opened: opened + 1 });
  openFrame(turn, { runId, tenantId, stepId: id, block, index: opened, item: '' });
}

/** The step that a frame is a part of; none for the run's own. */
function ownerOf({ ctx }: Turn, { stepId }: FrameRow): StepRow | undefined {
  return stepId === 0n ? undefined : requireRow(ctx.db.step.id.find(stepId), `step ${stepId}`);
}
