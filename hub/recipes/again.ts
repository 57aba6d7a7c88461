import { Range } from 'spacetimedb/server';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import type { Ctx, FrameRow, StepRow } from '../schema.ts';
import { setTimeLimit } from './begin.ts';
import { framesOf, isPassed, isUnderWay, stepsIn } from './rows.ts';
import { isReady } from './settle.ts';
import type { Turn } from './turn.ts';
import { isRecovery } from './values.ts';

// What had ended is gone on with. What has ended well stays as it is; a step that is done anew gets a new row, and the old one is kept.

/**
 * Opens a frame again. Done anew is: `fresh`, what was undone, had failed or was cut off, and all that came after that. A step with
 * others inside of it goes on inside, and so does `kept`.
 */
export function takeUp(turn: Turn, frame: FrameRow, fresh: ReadonlySet<number>, kept: number | undefined): void {
  const { ctx } = turn;
  const again = new Set(fresh);
  const rows = stepsIn(ctx, frame.id);
  for (const step of rows) {
    if (isLost(step)) for (const follower of followersOf(turn, frame.runId, step.node)) again.add(follower);
  }
  for (const step of rows) {
    const isOpened = step.node === kept || (isLost(step) && hasOpenEnds(turn, step));
    if (again.has(step.node) || (isLost(step) && !isOpened)) replace(turn, step);
    else if (isOpened) goOnInside(turn, step);
  }
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
  ctx.db.stepOutput.stepId.delete(step.id);
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
    (step.kind.tag === 'Map' && parts.length < step.total && parts.length > 0) ||
    parts.some((part) => !isWhole(turn.ctx, part))
  );
}

/** The frames of a step's own blocks: not of what is done when it fails, nor of rounds that are yet to come. */
function partsOf(turn: Turn, step: StepRow): FrameRow[] {
  const plan = turn.plan(step.runId);
  const isToCome = ({ index }: FrameRow) => step.kind.tag === 'Loop' && index >= step.opened;
  return framesOf(turn.ctx, step.id).filter((frame) => !isToCome(frame) && !isRecovery(plan, step, frame.block));
}

/** What was done in a frame counts no more; the frame is used again if it comes to that. */
function drop(turn: Turn, frame: FrameRow): void {
  for (const step of stepsIn(turn.ctx, frame.id)) replace(turn, step);
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
