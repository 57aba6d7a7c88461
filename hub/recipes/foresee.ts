import type { Ctx, FrameRow, RunRow, StepRow } from '../schema.ts';
import { followersOf, isWhole, partsOf, runInside, sorted } from './again.ts';
import { aroundOf, requireRetriable } from './retry.ts';
import { framesOf, stepsIn } from './rows.ts';
import { rootOf } from './runs.ts';
import type { Turn } from './turn.ts';
import { isRecovery } from './values.ts';

/** The way from the outermost run to what is taken up: by frame, which of its steps is gone on with, or done anew. */
type Way = ReadonlyMap<bigint, { readonly node: number; readonly isAnew: boolean }>;

/**
 * The steps that had begun and that a retry would do anew, in no order; nothing is done.
 * @throws SenderError when the run cannot be taken up from the step; 0 for where it failed
 */
export function foresee(turn: Turn, run: RunRow, stepId: bigint): StepRow[] {
  const { step, owners } = requireRetriable(turn, run, stepId);
  const way = new Map<bigint, { node: number; isAnew: boolean }>();
  for (const one of step ? [step, ...owners] : owners) {
    for (const { id, frameId, node } of [one, ...aroundOf(turn.ctx, one)]) {
      way.set(frameId, { node, isAnew: id === step?.id });
    }
  }
  return within(turn, rootOf(turn.ctx, owners.at(-1)?.runId ?? run.id), way);
}

function within(turn: Turn, frame: FrameRow, way: Way): StepRow[] {
  const at = way.get(frame.id);
  const fresh = at ? followersOf(turn, frame.runId, at.node) : new Set<number>();
  if (at?.isAnew) fresh.add(at.node);
  const { anew, opened } = sorted(turn, frame, fresh, at && !at.isAnew ? at.node : undefined);
  return [
    ...anew.flatMap((step) => [step, ...inside(turn.ctx, step)]),
    ...opened.flatMap((step) => goingOn(turn, step, way)),
  ];
}

function goingOn(turn: Turn, step: StepRow, way: Way): StepRow[] {
  const { ctx } = turn;
  const run = runInside(ctx, step);
  if (run) return within(turn, rootOf(ctx, run.id), way);
  const plan = turn.plan(step.runId);
  const recoveries = framesOf(ctx, step.id).filter(({ block }) => isRecovery(plan, step, block));
  const taken = recoveries.find(({ id }) => way.has(id));
  if (taken) return within(turn, taken, way);
  const dropped = recoveries.flatMap((frame) => allOf(ctx, frame));
  const parts = partsOf(turn, step);
  // Of a step that is done nothing is open but what the way leads to.
  const isDone = step.state.tag === 'Done';
  const open = parts.filter((frame) => way.has(frame.id) || !(isDone || isWhole(ctx, frame)));
  if (step.kind.tag !== 'Loop') return [...dropped, ...open.flatMap((frame) => within(turn, frame, way))];
  const first = Math.min(...open.map(({ index }) => index));
  const rounds = parts.flatMap((frame) => {
    if (frame.index === first) return within(turn, frame, way);
    return frame.index > first ? allOf(ctx, frame) : [];
  });
  return [...dropped, ...rounds];
}

function allOf(ctx: Ctx, frame: FrameRow): StepRow[] {
  return stepsIn(ctx, frame.id).flatMap((step) => [step, ...inside(ctx, step)]);
}

function inside(ctx: Ctx, step: StepRow): StepRow[] {
  const run = runInside(ctx, step);
  if (run) return allOf(ctx, rootOf(ctx, run.id));
  return framesOf(ctx, step.id).flatMap((frame) => allOf(ctx, frame));
}
