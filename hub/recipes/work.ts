import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import type { Ctx, StepRow } from '../schema.ts';
import { replaceInside } from './again.ts';
import { startStep } from './begin.ts';
import { cancelStep } from './cancel.ts';
import { settle } from './settle.ts';
import { spread } from './spread.ts';
import { goOnSoon, type Move, type Turn } from './turn.ts';
import { undoNext } from './undo.ts';

/**
 * Does what the runs of a turn are to do next, and what follows from that: at most so much in one transaction, the rest soon
 * after. What is due of a paused run is kept until it is resumed.
 */
export function work(turn: Turn): void {
  const late = new Set<bigint>();
  for (let count = 0; ; count++) {
    const move = turn.take();
    if (!move) break;
    const isTidying = move.kind === 'Cancel' || move.kind === 'Replace';
    if (!isTidying && turn.run(move.runId).state.tag === 'Paused') turn.keep(move);
    else if (count < limits.movesMax) make(turn, move);
    else {
      turn.keep(move);
      late.add(move.runId);
    }
  }
  for (const runId of late) goOnSoon(turn.ctx, runId);
}

/** Takes the moves of a run that were kept, the oldest first, a bounded number at a time. */
export function takeKept(turn: Turn, runId: bigint): void {
  const { ctx } = turn;
  const kept = [...ctx.db.move.runId.filter(runId)].sort((a, b) => ascending(a.id, b.id));
  for (const { id, kind, target, node } of kept.slice(0, limits.movesMax)) {
    ctx.db.move.id.delete(id);
    turn.add({ runId, kind: kind.tag, target, node });
  }
  if (kept.length > limits.movesMax) goOnSoon(ctx, runId);
}

function make(turn: Turn, move: Move): void {
  const { ctx } = turn;
  switch (move.kind) {
    case 'Start':
      startStep(turn, move.runId, move.target, move.node);
      return;
    case 'Settle':
      onStep(ctx, move, (step) => settle(turn, step));
      return;
    case 'Spread':
      onStep(ctx, move, (step) => spread(turn, step));
      return;
    case 'Cancel':
      onStep(ctx, move, (step) => cancelStep(turn, step));
      return;
    case 'Replace':
      onStep(ctx, move, (step) => replaceInside(turn, step, move.node));
      return;
    case 'Undo':
      // What is under way may still come to something that is to be undone: it is ended first.
      if (turn.isBusy(move.runId)) {
        turn.add(move);
        return;
      }
      undoNext(turn, move.runId);
      return;
  }
}

function onStep(ctx: Ctx, { target }: Move, act: (step: StepRow) => void): void {
  const step = ctx.db.step.id.find(target);
  if (step) act(step);
}
