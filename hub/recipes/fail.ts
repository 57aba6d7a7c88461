import { limits } from '../lib/limits.ts';
import { clip } from '../lib/text.ts';
import type { StepRow } from '../schema.ts';
import { clearWaits, endStep, openFrame } from './rows.ts';
import type { Turn } from './turn.ts';

/** A step has come to nothing: what its recipe says for that is done, or else what it stands in fails. */
export function failStep(turn: Turn, step: StepRow, why: string): void {
  const error = clip(why, limits.errorCharsMax);
  const { onFailure } = turn.node(step.runId, step.node);
  if (step.undoes === 0n && onFailure.tag === 'steps' && step.state.tag !== 'Recovering') {
    clearWaits(turn.ctx, step.id);
    turn.ctx.db.step.id.update({ ...step, state: { tag: 'Recovering' }, error });
    const { runId, tenantId } = step;
    openFrame(turn, { runId, tenantId, stepId: step.id, block: onFailure.block, index: 0, item: '' });
    return;
  }
  endStep(turn, step, { state: 'Failed', error, isHandled: step.undoes === 0n && onFailure.tag === 'continue' });
  turn.next(step.runId, 'Settle', step.id);
}
