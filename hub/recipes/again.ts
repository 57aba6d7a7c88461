import { Range, SenderError } from 'spacetimedb/server';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import type { Ctx, FrameRow, RunRow, StepRow } from '../schema.ts';
import { setTimeLimit } from './clocks.ts';
import { takeInputBack } from './given.ts';
import { dropOutput, framesOf, isPassed, isReady, isUnderWay, stepsIn } from './rows.ts';
import { countRuns, isFinal, rootOf } from './runs.ts';
import type { Turn } from './turn.ts';
import { isRecovery } from './values.ts';

// What had ended is gone on with. What has ended well stays as it is; a step that is done anew gets a new row, and the old one is kept.

/** A run that had ended goes on; where, is said by taking its frames up. */
export function reopenRun(turn: Turn, runId: bigint): void {
  const { ctx } = turn;
  const run = turn.run(runId);
  for (const { kind } of ctx.db.move.runId.filter(runId)) {
    if (kind.tag === 'Replace') continue;
    throw new SenderError(
      `still-ending: what was under way in run ${runId} is still being ended; try again in a moment`,
    );
  }
  countRuns(ctx, run.tenantId, 1);
  const cleared = { error: '', finishedAt: undefined, endedDay: 0 };
  ctx.db.run.id.update({ ...run, ...cleared, state: { tag: 'Running' }, retries: run.retries + 1 });
}

/** Goes on with the run that a step is, if there is one. @returns whether there is */
export function takeUpInside(turn: Turn, step: StepRow): boolean {
  const inner = runInside(turn.ctx, step);
  if (!inner) return false;
  if (!isFinal(inner.state.tag)) return true;
  if (!isBroken(turn.ctx, inner)) return false;
  reopenRun(turn, inner.id);
  takeUp(turn, rootOf(turn.ctx, inner.id), new Set(), undefined);
  return true;
}

/** The run that a step is; none before it has begun, or when it was forgotten. */
export function runInside(ctx: Ctx, step: StepRow): RunRow | undefined {
  for (const run of ctx.db.run.parentStep.filter(step.id)) return run;
  return undefined;
}

/** Whether there is something to take up in a run that has ended. */
function isBroken(ctx: Ctx, { state, versionId }: RunRow): boolean {
  return state.tag !== 'Done' && ctx.db.recipeVersion.id.find(versionId) !== undefined;
}

/** What becomes of a frame's steps when it is opened again. */
export interface Sorted {
  /** These are done anew. */
  readonly anew: readonly StepRow[];
  /** These go on inside. */
  readonly opened: readonly StepRow[];
}

/**
 * Done anew is: `fresh`, what was undone, had failed or was cut off, and all that came after that. A step with others inside of it
 * goes on inside, and so does `kept`.
 */
export function sorted(turn: Turn, frame: FrameRow, fresh: ReadonlySet<number>, kept: number | undefined): Sorted {
  const rows = stepsIn(turn.ctx, frame.id);
  const again = new Set(fresh);
  for (const step of rows) {
    if (isLost(step)) for (const follower of followersOf(turn, frame.runId, step.node)) again.add(follower);
  }
  const isOpened = (step: StepRow) => step.node === kept || (isLost(step) && hasOpenEnds(turn, step));
  return {
    anew: rows.filter((step) => again.has(step.node) || (isLost(step) && !isOpened(step))),
    opened: rows.filter((step) => !again.has(step.node) && isOpened(step)),
  };
}

/** Opens a frame again. */
export function takeUp(turn: Turn, frame: FrameRow, fresh: ReadonlySet<number>, kept: number | undefined): void {
  const { ctx } = turn;
  const { anew, opened: gone } = sorted(turn, frame, fresh, kept);
  for (const step of anew) {
    // What somebody gave it stays while it is tried again, but not when it was to be done with what comes before.
    if (!isLost(step) || fresh.has(step.node)) takeInputBack(ctx, step);
    replace(turn, step);
  }
  for (const step of gone) goOnInside(turn, step);
  const block = requireRow(turn.plan(frame.runId).blocks[frame.block], `block ${frame.block}`);
  const now = new Map(stepsIn(ctx, frame.id).map((step) => [step.node, step]));
  const remaining = block.nodes.filter((node) => {
    const step = now.get(node);
    return !step || !isPassed(step);
  });
  const opened = ctx.db.frame.id.update({ ...frame, isOpen: true, remaining: Math.max(1, remaining.length) });
  const [last] = now.values();
  // The last one had ended while the run was paused, which nobody had looked at when that was cancelled.
  if (remaining.length === 0 && last) turn.next(frame.runId, 'Settle', last.id);
  for (const node of block.nodes) {
    if (!now.has(node) && isReady(turn, opened, node)) turn.start(frame.runId, frame.id, node);
  }
}

/** A step that has others inside of it is under way again, and so are its parts that had not ended or were undone. */
function goOnInside(turn: Turn, step: StepRow): void {
  const { ctx } = turn;
  const run = turn.run(step.runId);
  if (!isUnderWay(step.state.tag)) ctx.db.run.id.update({ ...run, endedCount: run.endedCount - 1 });
  if (isRecovering(turn, step)) {
    ctx.db.step.id.update({ ...step, state: { tag: 'Recovering' }, isHandled: false, finishedAt: undefined });
    return;
  }
  if (turn.node(step.runId, step.node).compensate) forgetUndo(turn, step);
  const parts = partsOf(turn, step);
  const open = parts.filter((frame) => !isWhole(ctx, frame));
  const first = Math.min(step.opened, ...open.map(({ index }) => index));
  const { taken, opened, closed } = {
    // Its items are gone through from the first that is open: no more of them at once than its limit says.
    Map: { taken: [], opened: first, closed: first },
    // A round comes after those before it.
    Loop: { taken: open.filter(({ index }) => index === first), opened: first + 1, closed: first },
    Other: { taken: open, opened: step.opened, closed: parts.length - open.length },
  }[step.kind.tag === 'Map' || step.kind.tag === 'Loop' ? step.kind.tag : 'Other'];
  for (const frame of framesOf(ctx, step.id)) {
    const isLater = step.kind.tag === 'Loop' && frame.index >= opened;
    if (isLater || isRecovery(turn.plan(step.runId), step, frame.block)) drop(turn, frame);
  }
  ctx.db.step.id.update({
    ...step,
    opened,
    closed,
    state: { tag: 'Running' },
    error: '',
    isHandled: false,
    finishedAt: undefined,
  });
  dropOutput(ctx, step);
  setTimeLimit(ctx, step, turn.node(step.runId, step.node));
  for (const frame of taken) takeUp(turn, frame, new Set(), undefined);
  turn.next(step.runId, 'Spread', step.id);
}

/** It had ended, and what is in its place now has to be done anew. */
function isLost(step: StepRow): boolean {
  return !isPassed(step) && !isUnderWay(step.state.tag);
}

export function isWhole(ctx: Ctx, frame: FrameRow): boolean {
  return frame.remaining === 0 && stepsIn(ctx, frame.id).every(isPassed);
}

/** Whether it is what is done in the place of a step that is gone on with. */
function isRecovering(turn: Turn, step: StepRow): boolean {
  const open = [...turn.ctx.db.frame.byOpen.filter([step.id, true])];
  return open.some(({ block }) => isRecovery(turn.plan(step.runId), step, block));
}

/** Whether there is something inside of a step to go on with. */
function hasOpenEnds(turn: Turn, step: StepRow): boolean {
  const parts = partsOf(turn, step);
  return (
    isOpenInside(turn.ctx, step) ||
    // Others may be to come, or their end had not been looked at.
    (step.kind.tag === 'Map' && parts.length > 0) ||
    parts.some((part) => !isWhole(turn.ctx, part))
  );
}

function isOpenInside(ctx: Ctx, step: StepRow): boolean {
  const inner = runInside(ctx, step);
  return inner !== undefined && isBroken(ctx, inner);
}

/** A step that goes on is not to be undone before it has ended again. */
function forgetUndo(turn: Turn, { id, runId, undoNext }: StepRow): void {
  const { step: steps, run: runs } = turn.ctx.db;
  const run = turn.run(runId);
  if (run.undoHead === id) {
    runs.id.update({ ...run, undoHead: undoNext });
    return;
  }
  for (let at = steps.id.find(run.undoHead); at; at = steps.id.find(at.undoNext)) {
    if (at.undoNext === id) {
      steps.id.update({ ...at, undoNext });
      return;
    }
  }
}

/** The frames of a step's own blocks: not of what is done when it fails, nor of rounds that are yet to come. */
export function partsOf(turn: Turn, step: StepRow): FrameRow[] {
  const plan = turn.plan(step.runId);
  const isToCome = ({ index }: FrameRow) => step.kind.tag === 'Loop' && index >= step.opened;
  return framesOf(turn.ctx, step.id).filter((frame) => !isToCome(frame) && !isRecovery(plan, step, frame.block));
}

/** What was done in a frame counts no more; the frame is used again if it comes to that. */
function drop(turn: Turn, frame: FrameRow): void {
  for (const step of stepsIn(turn.ctx, frame.id)) {
    takeInputBack(turn.ctx, step);
    replace(turn, step);
  }
}

function replace(turn: Turn, step: StepRow): void {
  turn.ctx.db.step.id.update({ ...step, isReplaced: true });
  if (framesOf(turn.ctx, step.id).length > 0) turn.next(step.runId, 'Replace', step.id);
}

/** What is inside of a step that counts no more counts no more either: so many of its frames, and the rest later. */
export function replaceInside(turn: Turn, step: StepRow, from: number): void {
  const until = from + limits.spreadMax;
  const range = new Range<number>({ tag: 'included', value: from }, { tag: 'excluded', value: until });
  for (const frame of [...turn.ctx.db.frame.byIndex.filter([step.id, range])]) drop(turn, frame);
  const { runId, id: target } = step;
  if (until < Math.max(step.total, step.opened)) turn.add({ runId, kind: 'Replace', target, node: until });
}

/** Everything that comes after a step in its block. */
export function followersOf(turn: Turn, runId: bigint, node: number): Set<number> {
  const found = new Set<number>();
  const line = [node];
  for (let next = line.pop(); next !== undefined; next = line.pop()) {
    for (const follower of turn.node(runId, next).followers) {
      if (found.has(follower)) continue;
      found.add(follower);
      line.push(follower);
    }
  }
  return found;
}
