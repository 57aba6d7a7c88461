import { limits } from '../lib/limits.ts';
import type { Ctx, StepRow, TaskRow } from '../schema.ts';
import { emitEvent } from './emit.ts';

/** The kind of the events that tell that tasks have failed. */
const failedKind = 'task.failed';

/** Tells by an event, which rules may go by, that a task is given up: it failed for good, or is a dead letter. */
export function tellFailure(ctx: Ctx, task: TaskRow): void {
  const step = stepOf(ctx, task);
  const depth = depthOf(ctx, task, step);
  // Rules that answer failures by work that fails as well come to an end.
  if (depth > limits.ruleChainMax) return;
  const { id, tenantId, skill, title, error, failures, state } = task;
  const run = step && ctx.db.run.id.find(step.runId);
  const payload = {
    ...{ task: `${id}`, skill, title, state: state.tag.toLowerCase(), error, failures },
    ...(run ? { run: `${run.id}`, recipe: run.recipe, step: step.path } : {}),
  };
  const origin = { tag: 'Task', value: id } as const;
  const event = { kind: failedKind, source: 'helix', subject: skill, payload: JSON.stringify(payload) };
  emitEvent(ctx, { tenantId, ...event, origin, depth });
}

function stepOf(ctx: Ctx, { id, reference }: TaskRow): StepRow | undefined {
  const number = /^run \d+, step (\d+), \d+$/.exec(reference)?.[1];
  const step = number === undefined ? undefined : ctx.db.step.id.find(BigInt(number));
  return step?.taskId === id ? step : undefined;
}

/** How many rules made something of something before it: those that led to the task, or to the run that it is a part of. */
function depthOf(ctx: Ctx, { tenantId, reference }: TaskRow, step: StepRow | undefined): number {
  let key = reference;
  for (let inner = step; inner; ) {
    const run = ctx.db.run.id.find(inner.runId);
    key = run?.reference ?? '';
    inner = run && run.parentStep !== 0n ? (ctx.db.step.id.find(run.parentStep) ?? undefined) : undefined;
  }
  const place = /^firing-(\d+)-\d+$/.exec(key)?.[1];
  if (place === undefined) return 0;
  for (const { event } of ctx.db.firing.byPlace.filter([tenantId, BigInt(place)])) {
    return (ctx.db.event.id.find(event)?.depth ?? limits.ruleChainMax) + 1;
  }
  // Its firing is not kept any more: it was one, so it counts as the last of a chain.
  return limits.ruleChainMax;
}
