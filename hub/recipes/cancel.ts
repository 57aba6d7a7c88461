import { requireRow } from '../lib/assertion.ts';
import { cancelTree } from '../queue/endings.ts';
import type { StepRow } from '../schema.ts';
import { clearWaits, endStep, isUnderWay, stepsIn } from './rows.ts';
import { cancelInside } from './runs.ts';
import type { Turn } from './turn.ts';

/** Ends a step that is under way without a result, and everything inside of it. */
export function cancelStep(turn: Turn, step: StepRow): void {
  if (!isUnderWay(step.state.tag)) return;
  stopInside(turn, step);
  // With what it has used until now.
  endStep(turn, requireRow(turn.ctx.db.step.id.find(step.id), `step ${step.id}`), { state: 'Cancelled' });
}

/** Whatever goes on inside of a step is ended: its task, its run, its frames. */
export function stopInside(turn: Turn, step: StepRow): void {
  const { ctx } = turn;
  const tasks = [...ctx.db.stepTask.stepId.filter(step.id)];
  // Before its task ends, so that the step does not hear of it.
  clearWaits(ctx, step.id);
  for (const { taskId } of tasks) {
    const task = ctx.db.task.id.find(taskId);
    if (task) cancelTree(ctx, task);
  }
  if (step.kind.tag === 'Recipe') cancelInside(turn, step);
  for (const frame of [...ctx.db.frame.byOpen.filter([step.id, true])]) {
    ctx.db.frame.id.update({ ...frame, isOpen: false });
    for (const inner of stepsIn(ctx, frame.id)) {
      if (isUnderWay(inner.state.tag)) turn.next(step.runId, 'Cancel', inner.id);
    }
  }
}
