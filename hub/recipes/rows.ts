import { grow, minus } from '../keeping/usage.ts';
import { requireRow } from '../lib/assertion.ts';
import { utf8Bytes } from '../lib/text.ts';
import type { Ctx, FrameRow, StepRow, StepStateTag } from '../schema.ts';
import type { Turn } from './turn.ts';

/** The row of a step in a frame that counts: not one that a later try has replaced, nor a compensation. */
export function currentStep(ctx: Ctx, frameId: bigint, node: number): StepRow | undefined {
  for (const step of ctx.db.step.byNode.filter([frameId, node])) {
    if (!step.isReplaced && step.undoes === 0n) return step;
  }
  return undefined;
}

/** The rows of a frame's steps that count. */
export function stepsIn(ctx: Ctx, frameId: bigint): StepRow[] {
  return [...ctx.db.step.byNode.filter(frameId)].filter(({ isReplaced, undoes }) => !isReplaced && undoes === 0n);
}

export function framesOf(ctx: Ctx, stepId: bigint): FrameRow[] {
  return [...ctx.db.frame.byIndex.filter(stepId)];
}

/** The frame of a step's block with this index, if it was ever opened; a run's own is none. */
export function frameAt(
  ctx: Ctx,
  { stepId, index, block }: Pick<FrameRow, 'stepId' | 'index' | 'block'>,
): FrameRow | undefined {
  if (stepId === 0n) return undefined;
  return [...ctx.db.frame.byIndex.filter([stepId, index])].find((frame) => frame.block === block);
}

export function frameOf(ctx: Ctx, step: StepRow): FrameRow {
  return requireRow(ctx.db.frame.id.find(step.frameId), `frame ${step.frameId}`);
}

export function isUnderWay(state: StepStateTag): boolean {
  return state === 'Waiting' || state === 'Running' || state === 'Recovering';
}

/** The steps after it may go on. */
export function isPassed({ state, isHandled }: Pick<StepRow, 'state' | 'isHandled'>): boolean {
  return state.tag === 'Done' || state.tag === 'Skipped' || (state.tag === 'Failed' && isHandled);
}

/** Whether everything has ended that a step waits for. */
export function isReady(turn: Turn, frame: FrameRow, node: number): boolean {
  return turn.node(frame.runId, node).after.every((earlier) => {
    const step = currentStep(turn.ctx, frame.id, earlier);
    return step !== undefined && isPassed(step);
  });
}

/** Opens a frame, one that was there before if there is, and has its first steps started. */
export function openFrame(
  turn: Turn,
  of: Pick<FrameRow, 'runId' | 'tenantId' | 'stepId' | 'block' | 'index' | 'item'>,
): FrameRow {
  const block = requireRow(turn.plan(of.runId).blocks[of.block], `block ${of.block}`);
  const { frame: frames } = turn.ctx.db;
  const before = frameAt(turn.ctx, of);
  const row = { ...of, remaining: block.nodes.length, isOpen: true };
  const frame = before ? frames.id.update({ ...row, id: before.id }) : frames.insert({ ...row, id: 0n });
  for (const node of block.first) turn.start(of.runId, frame.id, node);
  return frame;
}

export interface Ending {
  readonly state: Extract<StepStateTag, 'Done' | 'Failed' | 'Skipped' | 'Cancelled'>;
  readonly error?: string;
  readonly isHandled?: boolean;
  /** What it came to. */
  readonly output?: object;
}

/** Ends a step: nothing that it waited for is left, and what it came to is kept. */
export function endStep(turn: Turn, step: StepRow, { state, error = '', isHandled = false, output }: Ending): StepRow {
  const { ctx } = turn;
  clearWaits(ctx, step.id);
  if (output) keepOutput(ctx, step, JSON.stringify(output));
  const run = turn.run(step.runId);
  const ended = ctx.db.step.id.update({ ...step, state: { tag: state }, error, isHandled, finishedAt: ctx.timestamp });
  const node = turn.node(step.runId, step.node);
  const isUndoable = state === 'Done' && node.compensate !== undefined && step.undoes === 0n;
  ctx.db.run.id.update({
    ...run,
    endedCount: run.endedCount + 1,
    ...(isUndoable ? { undoHead: step.id } : {}),
  });
  return isUndoable ? ctx.db.step.id.update({ ...ended, undoNext: run.undoHead }) : ended;
}

/** Nothing comes to the step any more: no end of a task, no time, no event, no answer. */
export function clearWaits(ctx: Ctx, stepId: bigint): void {
  ctx.db.stepTask.stepId.delete(stepId);
  ctx.db.stepClock.stepId.delete(stepId);
  ctx.db.eventWait.stepId.delete(stepId);
  for (const approval of [...ctx.db.approval.stepId.filter(stepId)]) {
    if (approval.state.tag === 'Open') ctx.db.approval.id.update({ ...approval, state: { tag: 'Withdrawn' } });
  }
}

function keepOutput(ctx: Ctx, { id, runId, tenantId }: StepRow, value: string): void {
  ctx.db.stepOutput.insert({ stepId: id, runId, tenantId, value });
  grow(ctx, tenantId, { rows: 1, bytes: utf8Bytes(value) });
}

/** Forgets what a step came to, which goes on. */
export function dropOutput(ctx: Ctx, { id, tenantId }: StepRow): void {
  const output = ctx.db.stepOutput.stepId.find(id);
  if (!output) return;
  ctx.db.stepOutput.stepId.delete(id);
  grow(ctx, tenantId, minus({ rows: 1, bytes: utf8Bytes(output.value) }));
}

/** Adds what a task, or a run inside of it, has used to a step and its run. */
export function addCosts(
  turn: Turn,
  step: StepRow,
  { tokensIn, tokensOut, costMicros }: Pick<StepRow, 'tokensIn' | 'tokensOut' | 'costMicros'>,
): StepRow {
  const run = turn.run(step.runId);
  turn.ctx.db.run.id.update({
    ...run,
    tokensIn: run.tokensIn + tokensIn,
    tokensOut: run.tokensOut + tokensOut,
    costMicros: run.costMicros + costMicros,
  });
  return turn.ctx.db.step.id.update({
    ...step,
    tokensIn: step.tokensIn + tokensIn,
    tokensOut: step.tokensOut + tokensOut,
    costMicros: step.costMicros + costMicros,
  });
}
