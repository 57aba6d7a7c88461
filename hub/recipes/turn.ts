import { ScheduleAt } from 'spacetimedb';
import { requireRow } from '../lib/assertion.ts';
import type { Ctx, MoveKindTag, RunRow } from '../schema.ts';
import type { Node, Plan } from './plan.ts';
import { planOf } from './plans.ts';

/**
 * What a run does next: `target` is the frame that a step is started in, otherwise a step; of `Undo` nothing.
 * `node` is the step's place in the recipe; of `Replace` the first frame.
 */
export interface Move {
  readonly runId: bigint;
  readonly kind: MoveKindTag;
  readonly target: bigint;
  readonly node: number;
}

/** One transaction's work on runs: what is to be done is put in a line, and done from its front. */
export class Turn {
  readonly ctx: Ctx;
  readonly #line: Move[] = [];
  readonly #plans = new Map<bigint, Plan>();

  constructor(ctx: Ctx) {
    this.ctx = ctx;
  }

  start(runId: bigint, frameId: bigint, node: number): void {
    this.#line.push({ runId, kind: 'Start', target: frameId, node });
  }

  next(runId: bigint, kind: Exclude<MoveKindTag, 'Start'>, stepId: bigint): void {
    this.#line.push({ runId, kind, target: stepId, node: 0 });
  }

  add(move: Move): void {
    this.#line.push(move);
  }

  take(): Move | undefined {
    return this.#line.shift();
  }

  /** Whether anything else than its compensations is to be done of a run. */
  isBusy(runId: bigint): boolean {
    if (this.#line.some((move) => move.runId === runId && move.kind !== 'Undo')) return true;
    for (const { kind } of this.ctx.db.move.runId.filter(runId)) if (kind.tag !== 'Undo') return true;
    return false;
  }

  run(runId: bigint): RunRow {
    return requireRow(this.ctx.db.run.id.find(runId), `run ${runId}`);
  }

  plan(runId: bigint): Plan {
    const known = this.#plans.get(runId);
    if (known) return known;
    const plan = planOf(this.ctx, this.run(runId));
    this.#plans.set(runId, plan);
    return plan;
  }

  node(runId: bigint, node: number): Node {
    return requireRow(this.plan(runId).nodes[node], `step ${node} of the recipe of run ${runId}`);
  }

  /** Puts a move by for a later transaction. */
  keep(move: Move): void {
    const { runId, kind, target, node } = move;
    this.ctx.db.move.insert({ id: 0n, runId, kind: { tag: kind }, target, node });
  }
}

/** Has the moves of a run that were kept done soon, in a transaction of their own. */
export function goOnSoon(ctx: Ctx, runId: bigint): void {
  for (const _ of ctx.db.advance.runId.filter(runId)) return;
  const scheduledAt = ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch);
  ctx.db.advance.insert({ id: 0n, scheduledAt, runId });
}
