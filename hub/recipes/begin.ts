import { Timestamp } from 'spacetimedb';
import { SenderError } from 'spacetimedb/server';
import { evaluate } from '../conditions/evaluate.ts';
import type { Json } from '../conditions/source.ts';
import { fillTemplate, fillText, type Template } from '../conditions/template.ts';
import { grow } from '../keeping/usage.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { after, isBefore } from '../lib/time.ts';
import { queueNewTask } from '../queue/submission.ts';
import { defaultTerms } from '../queue/terms.ts';
import type { FrameRow, StepKindTag, StepRow } from '../schema.ts';
import { takeUpInside } from './again.ts';
import { setClock, setTimeLimit } from './clocks.ts';
import { failStep } from './fail.ts';
import { inputGivenTo } from './given.ts';
import type { Action, Work } from './plan.ts';
import { currentStep, endStep, frameOf, openFrame } from './rows.ts';
import { startInside } from './runs.ts';
import type { Turn } from './turn.ts';
import { scopeOf } from './values.ts';

/** Begins a step in a frame, unless that has happened or the frame is not gone on with. */
export function startStep(turn: Turn, runId: bigint, frameId: bigint, node: number): void {
  const frame = turn.ctx.db.frame.id.find(frameId);
  if (!frame?.isOpen || currentStep(turn.ctx, frameId, node)) return;
  const step = insertStep(turn, frame, node, turn.node(runId, node).action.kind);
  attempt(turn, step, () => begin(turn, step));
}

/** A new row of a step, which counts in its run. */
export function insertStep(turn: Turn, frame: FrameRow, node: number, kind: StepKindTag, undoes = 0n): StepRow {
  const { ctx } = turn;
  const { runId, tenantId } = frame;
  const run = turn.run(runId);
  const name = turn.node(runId, node).id;
  ctx.db.run.id.update({ ...run, stepCount: run.stepCount + 1 });
  grow(ctx, tenantId, { rows: 1 });
  return ctx.db.step.insert({
    id: 0n,
    runId,
    tenantId,
    frameId: frame.id,
    node,
    name,
    path: undoes === 0n ? pathOf(turn, frame, name) : `${pathOf(turn, frame, name)} (undo)`,
    kind: { tag: kind },
    state: { tag: 'Running' },
    startedAt: ctx.timestamp,
    finishedAt: undefined,
    error: '',
    isHandled: false,
    taskId: 0n,
    tries: 0,
    total: 0,
    opened: 0,
    closed: 0,
    tokensIn: 0n,
    tokensOut: 0n,
    costMicros: 0n,
    undoes,
    undoNext: 0n,
    isReplaced: false,
  });
}

/** Does what may be refused: for lack of room the step waits and is tried again, for anything else it fails. */
export function attempt(turn: Turn, step: StepRow, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SenderError)) throw error;
    const now = requireRow(turn.ctx.db.step.id.find(step.id), `step ${step.id}`);
    if (!/^((queue|rows|bytes|runs)-full|still-ending):/.test(error.message)) {
      failStep(turn, now, error.message);
      return;
    }
    turn.ctx.db.step.id.update({ ...now, state: { tag: 'Waiting' }, error: error.message });
    setClock(turn.ctx, step.id, 'Retry', after(turn.ctx.timestamp, limits.stepRetryMs));
  }
}

/** A step that had to wait for room is tried again. */
export function beginAgain(turn: Turn, step: StepRow): void {
  const running = turn.ctx.db.step.id.update({ ...step, state: { tag: 'Running' }, error: '' });
  const node = turn.node(step.runId, step.node);
  attempt(turn, running, () => {
    if (step.undoes !== 0n) submitWork(turn, running, requireRow(node.compensate, 'a compensation'));
    else act(turn, running, node.action);
  });
}

function begin(turn: Turn, step: StepRow): void {
  const node = turn.node(step.runId, step.node);
  const isGiven = inputGivenTo(turn.ctx, step) !== undefined;
  if (!isGiven && node.when && evaluate(node.when, scopeOfStep(turn, step))) {
    endStep(turn, step, { state: 'Skipped' });
    turn.next(step.runId, 'Settle', step.id);
    return;
  }
  setTimeLimit(turn.ctx, step, node);
  act(turn, step, node.action);
}

export function act(turn: Turn, step: StepRow, action: Action): void {
  const { ctx } = turn;
  const given = inputGivenTo(ctx, step);
  const done = (output?: object) => {
    endStep(turn, requireRow(ctx.db.step.id.find(step.id), `step ${step.id}`), {
      state: 'Done',
      ...(output ? { output } : {}),
    });
    turn.next(step.runId, 'Settle', step.id);
  };
  switch (action.kind) {
    case 'Skill':
      submitWork(turn, step, action.work, given);
      return;
    case 'Output':
      done({ value: fill(turn, step, action.value) });
      return;
    case 'If': {
      const block = evaluate(action.condition, scopeOfStep(turn, step)) ? action.otherwise : action.holds;
      block === undefined ? done() : openFrames(turn, step, [block], 1);
      return;
    }
    case 'Parallel':
      openFrames(turn, step, action.blocks, action.blocks.length);
      return;
    case 'Loop':
      openFrames(turn, step, [action.block], action.max);
      return;
    case 'Map':
      beginMap(turn, step, given === undefined ? fill(turn, step, action.over) : (JSON.parse(given) as Json));
      return;
    case 'Wait':
      beginWait(turn, step, action, done);
      return;
    case 'Approve':
      ask(turn, step, action);
      return;
    case 'Recipe':
      if (takeUpInside(turn, step)) return;
      startInside(turn, step, action.recipe, given ?? JSON.stringify(fill(turn, step, action.input)));
      return;
  }
}

/** Queues a task for a step; with `input`, JSON, instead of what the recipe says. */
export function submitWork(turn: Turn, step: StepRow, work: Work, input?: string): void {
  const { ctx } = turn;
  const run = turn.run(step.runId);
  const scope = scopeOfStep(turn, step);
  const title = work.title ? fillText(work.title, scope, limits.titleCharsMax).trim() : '';
  const task = queueNewTask(ctx, {
    tenantId: step.tenantId,
    skill: work.skill,
    title: title === '' ? `${run.recipe}: ${step.path}` : title,
    input: input ?? JSON.stringify(fill(turn, step, work.input)),
    reference: `run ${step.runId}, step ${step.id}, ${step.tries + 1}`,
    submittedBy: run.startedBy,
    terms: { ...defaultTerms, priority: work.priority, attemptsMax: work.attempts, labels: [...work.labels] },
  });
  const { id } = requireRow(task, `the task of step ${step.id}`);
  ctx.db.stepTask.insert({ taskId: id, stepId: step.id });
  ctx.db.step.id.update({ ...step, taskId: id, tries: step.tries + 1 });
}

function openFrames(turn: Turn, step: StepRow, blocks: readonly number[], total: number): void {
  turn.ctx.db.step.id.update({ ...step, total, opened: blocks.length });
  for (const [index, block] of blocks.entries()) openFrame(turn, frameWithin(step, block, index, ''));
}

function frameWithin({ id, runId, tenantId }: StepRow, block: number, index: number, item: string) {
  return { runId, tenantId, stepId: id, block, index, item };
}

/** Items are the members of a list, or the numbers from 0 up to, but not including, a number. */
function beginMap(turn: Turn, step: StepRow, over: Json): void {
  const { ctx } = turn;
  const isCount = typeof over === 'number' && Number.isInteger(over) && over >= 0;
  if (!Array.isArray(over) && !isCount) {
    throw new SenderError(
      `invalid-list: ${clipped(over)} is neither a list nor a whole number of items; give the map one of these`,
    );
  }
  const total = isCount ? over : (over as readonly Json[]).length;
  if (total > limits.itemsMax) {
    throw new SenderError(
      `too-many-items: ${total} items, at most ${limits.itemsMax} are allowed; give the map fewer of them`,
    );
  }
  ctx.db.step.id.update({ ...step, total });
  if (!isCount) ctx.db.stepItems.insert({ stepId: step.id, runId: step.runId, items: JSON.stringify(over) });
  turn.next(step.runId, 'Spread', step.id);
}

function beginWait(
  turn: Turn,
  step: StepRow,
  { wait }: Extract<Action, { kind: 'Wait' }>,
  done: (output: object) => void,
): void {
  const { ctx } = turn;
  if (wait.tag === 'event') {
    ctx.db.eventWait.insert({ stepId: step.id, runId: step.runId, kind: `${step.tenantId}/${wait.kind}` });
    return;
  }
  const at = wait.tag === 'time' ? after(ctx.timestamp, wait.ms) : timeIn(fill(turn, step, wait.at));
  if (!isBefore(ctx.timestamp, at)) {
    done({ at: at.toISOString() });
    return;
  }
  if (isBefore(after(ctx.timestamp, limits.aheadMsMax), at)) {
    throw new SenderError(`too-far-ahead: ${at.toISOString()} lies more than a year ahead; wait for an earlier time`);
  }
  setClock(ctx, step.id, 'Wake', at);
}

function timeIn(value: Json): Timestamp {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (!Number.isFinite(ms)) {
    throw new SenderError(`invalid-time: ${clipped(value)} is no time; write it as 2026-11-21T18:00:00Z`);
  }
  return new Timestamp(BigInt(ms) * 1000n);
}

function ask(turn: Turn, step: StepRow, { prompt, role, asks }: Extract<Action, { kind: 'Approve' }>): void {
  const { ctx } = turn;
  const { timeoutMs } = turn.node(step.runId, step.node);
  ctx.db.approval.insert({
    id: 0n,
    tenantId: step.tenantId,
    runId: step.runId,
    stepId: step.id,
    recipe: turn.run(step.runId).recipe,
    path: step.path,
    prompt: fillText(prompt, scopeOfStep(turn, step), limits.promptCharsMax),
    role: { tag: role },
    asks: JSON.stringify(asks),
    state: { tag: 'Open' },
    askedAt: ctx.timestamp,
    until: timeoutMs === 0 ? undefined : after(ctx.timestamp, timeoutMs),
    decidedBy: undefined,
    decidedAt: undefined,
    note: '',
    inputs: '',
  });
}

/** What a step may speak of; a compensation of what there was when its step was done, and of why the run has failed. */
export function scopeOfStep(turn: Turn, step: StepRow): Json {
  const run = turn.run(step.runId);
  const of = [turn.ctx, run, turn.plan(step.runId), frameOf(turn.ctx, step)] as const;
  if (step.undoes === 0n) return scopeOf(...of);
  return scopeOf(...of, { failure: () => ({ step: '', error: run.error }) }, step.undoes);
}

function fill(turn: Turn, step: StepRow, template: Template): Json {
  const filled = fillTemplate(template, scopeOfStep(turn, step), limits.inputBytesMax);
  if (!filled.ok) throw new SenderError(`input-too-large: ${filled.message}`);
  return filled.value;
}

/** `each[3].` and the name: the steps that it is inside of come before. */
function pathOf(turn: Turn, frame: FrameRow, name: string): string {
  const { ctx } = turn;
  const owner = frame.stepId === 0n ? undefined : ctx.db.step.id.find(frame.stepId);
  if (!owner) return name;
  const { action } = turn.node(frame.runId, owner.node);
  const isNumbered = action.kind === 'Map' || action.kind === 'Loop' || action.kind === 'Parallel';
  return `${owner.path}${isNumbered ? `[${frame.index}]` : ''}.${name}`;
}

function clipped(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
