import { evaluate, type Failure } from '../conditions/evaluate.ts';
import type { Json } from '../conditions/source.ts';
import { requireRow } from '../lib/assertion.ts';
import type { Ctx, StepRow, SummaryBody, TaskRow } from '../schema.ts';
import { attempt, submitWork } from './begin.ts';
import { stopInside } from './cancel.ts';
import { failStep } from './fail.ts';
import type { Gate } from './plan.ts';
import { addCosts, endStep, frameOf, isUnderWay } from './rows.ts';
import { Turn } from './turn.ts';
import { jsonIn, scopeOf } from './values.ts';
import { work } from './work.ts';

// What a step may wait for comes from elsewhere: the end of a task, a time, an event, an answer. What follows of it is done in
// the same transaction.

/** A task has ended; when it was a step's, its run goes on. */
export function taskEnded(ctx: Ctx, task: TaskRow): void {
  const link = ctx.db.stepTask.taskId.find(task.id);
  if (!link) return;
  ctx.db.stepTask.taskId.delete(task.id);
  const turn = new Turn(ctx);
  const step = requireStep(ctx, link.stepId);
  if (task.state.tag === 'Done') {
    const summary = requireRow(ctx.db.summary.taskId.find(task.id), `the summary of task ${task.id}`);
    takeSummary(turn, step, summary.body);
  } else failStep(turn, step, task.state.tag === 'Cancelled' ? `task ${task.id} was cancelled` : task.error);
  work(turn);
}

function takeSummary(turn: Turn, step: StepRow, body: SummaryBody): void {
  const { tokensIn, tokensOut, costMicros } = body;
  const costs = { tokensIn: BigInt(tokensIn), tokensOut: BigInt(tokensOut), costMicros };
  const paid = addCosts(turn, step, costs);
  const { action } = turn.node(step.runId, step.node);
  const gate = step.undoes === 0n && action.kind === 'Skill' ? action.check : undefined;
  const failure = gate && failureAt(turn, paid, gate, body);
  if (gate && failure && action.kind === 'Skill') {
    doAgain(turn, paid, gate, failure, action.work);
    return;
  }
  endStep(turn, paid, { state: 'Done', output: outputOf(body) });
  turn.next(step.runId, 'Settle', step.id);
}

/** What the check of a step finds wrong with a summary. */
function failureAt(turn: Turn, step: StepRow, { condition }: Gate, body: SummaryBody): Failure | undefined {
  const result = { ...outputOf(body), json: jsonIn(body.text) ?? null } as unknown as Json;
  const run = turn.run(step.runId);
  return evaluate(
    condition,
    scopeOf(turn.ctx, run, turn.plan(step.runId), frameOf(turn.ctx, step), { result: () => result }),
  );
}

function doAgain(
  turn: Turn,
  step: StepRow,
  { tries }: Gate,
  failure: Failure,
  again: Parameters<typeof submitWork>[2],
): void {
  if (step.tries < tries) {
    const input = turn.ctx.db.taskInput.taskId.find(step.taskId)?.input;
    attempt(turn, step, () => submitWork(turn, step, again, input));
    return;
  }
  const seen = failure.seen.map(
    ({ path, value }) => `${path} is ${value === undefined ? 'not there' : JSON.stringify(value)}`,
  );
  failStep(turn, step, `the check does not hold: ${failure.condition}${seen.length > 0 ? `; ${seen.join(', ')}` : ''}`);
}

/** What other steps can say of a task's summary. */
function outputOf({
  text,
  engine,
  note,
  exitCode,
  artefacts,
  citations,
  tokensIn,
  tokensOut,
  durationMs,
}: SummaryBody) {
  return { text, engine, note, exitCode: exitCode ?? null, artefacts, citations, tokensIn, tokensOut, durationMs };
}

/** The time has come that a step was to wait for. */
export function woken(turn: Turn, step: StepRow): void {
  endStep(turn, step, { state: 'Done', output: { at: turn.ctx.timestamp.toISOString() } });
  turn.next(step.runId, 'Settle', step.id);
}

/** A step has not ended in the time that it was given. */
export function timedOut(turn: Turn, step: StepRow): void {
  if (!isUnderWay(step.state.tag)) return;
  stopInside(turn, step);
  const { timeoutMs } = turn.node(step.runId, step.node);
  failStep(turn, requireStep(turn.ctx, step.id), `it did not end within ${timeoutMs} ms`);
}

/** Something has happened that steps may wait for. */
export interface Arrival {
  readonly id: bigint;
  readonly tenantId: bigint;
  readonly kind: string;
  readonly source: string;
  readonly subject: string;
  /** JSON. */
  readonly payload: string;
}

/** Lets the runs of a tenant go on that wait for such an event. */
export function eventArrived(ctx: Ctx, { id, tenantId, kind, source, subject, payload }: Arrival): void {
  const waiting = [...ctx.db.eventWait.kind.filter(`${tenantId}/${kind}`)];
  if (waiting.length === 0) return;
  const turn = new Turn(ctx);
  const event = { id: String(id), kind, source, subject, payload: JSON.parse(payload) as Json };
  for (const { stepId } of waiting) {
    const step = requireStep(ctx, stepId);
    const { action } = turn.node(step.runId, step.node);
    if (action.kind !== 'Wait' || action.wait.tag !== 'event') continue;
    const run = turn.run(step.runId);
    const scope = () => scopeOf(ctx, run, turn.plan(run.id), frameOf(ctx, step), { event: () => event });
    if (action.wait.where && evaluate(action.wait.where, scope())) continue;
    endStep(turn, step, { state: 'Done', output: event });
    turn.next(step.runId, 'Settle', step.id);
  }
  work(turn);
}

function requireStep(ctx: Ctx, id: bigint): StepRow {
  return requireRow(ctx.db.step.id.find(id), `step ${id}`);
}
