import type { Json } from '../conditions/source.ts';
import { limits } from '../lib/limits.ts';
import type { StepRow } from '../schema.ts';
import { isWhole, takeUp } from './again.ts';
import { beginAgain } from './begin.ts';
import { endStep, frameAt, openFrame } from './rows.ts';
import type { Turn } from './turn.ts';

/** Goes on with what is inside of a step. */
export function spread(turn: Turn, step: StepRow): void {
  if (step.state.tag !== 'Running') return;
  if (step.kind.tag === 'Map') spreadItems(turn, step);
  else if (step.kind.tag === 'Recipe') beginAgain(turn, step);
}

/**
 * Opens as many items of a map as may go on at once, a bounded number at a time. When the map is gone on with, those are passed over
 * that have ended well, and the others are opened again.
 */
function spreadItems(turn: Turn, step: StepRow): void {
  const { ctx } = turn;
  const { action } = turn.node(step.runId, step.node);
  if (action.kind !== 'Map') return;
  if (step.closed >= step.total) {
    // One that failed keeps them, for those items that are begun when it is taken up again.
    ctx.db.stepItems.stepId.delete(step.id);
    endStep(turn, step, { state: 'Done' });
    turn.next(step.runId, 'Settle', step.id);
    return;
  }
  const free = Math.min(action.limit - (step.opened - step.closed), step.total - step.opened);
  const count = Math.min(free, limits.spreadMax);
  if (count <= 0) return;
  const row = ctx.db.stepItems.stepId.find(step.id);
  const items = row ? (JSON.parse(row.items) as readonly Json[]) : undefined;
  const { block } = action;
  const { id: stepId, runId, tenantId } = step;
  let passed = 0;
  for (let index = step.opened; index < step.opened + count; index++) {
    const before = frameAt(ctx, { stepId, index, block });
    if (!before) {
      const item = JSON.stringify(items ? (items[index] ?? null) : index);
      openFrame(turn, { runId, tenantId, stepId, block, index, item });
    } else if (isWhole(ctx, before)) passed += 1;
    else if (!before.isOpen) takeUp(turn, before, new Set(), undefined);
  }
  ctx.db.step.id.update({ ...step, opened: step.opened + count, closed: step.closed + passed });
  if (free > count || passed > 0) turn.next(runId, 'Spread', stepId);
}
