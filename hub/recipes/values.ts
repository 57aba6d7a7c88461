import type { Json } from '../conditions/source.ts';
import { timeZoneOf } from '../keeping/policy.ts';
import { requireRow } from '../lib/assertion.ts';
import { localTimeOf } from '../lib/time-zone.ts';
import type { Ctx, FrameRow, RunRow, StepRow } from '../schema.ts';
import type { Plan } from './plan.ts';
import { currentStep, framesOf } from './rows.ts';

// What the expressions of a step may speak of. Everything is read when it is asked for, so a step costs what it uses.

type Lazy = Record<string, () => Json | undefined>;

/** An object whose values are worked out when they are read, each once. */
function lazy(of: Lazy): Json {
  const target = {};
  for (const [key, work] of Object.entries(of)) {
    Object.defineProperty(target, key, {
      enumerable: true,
      configurable: true,
      get() {
        const value = work();
        Object.defineProperty(target, key, { value, enumerable: true });
        return value;
      },
    });
  }
  return target;
}

/** Rows are seen as they counted when a step began, `asOf` its number; as they count now without. */
interface Sight {
  readonly ctx: Ctx;
  readonly plan: Plan;
  readonly asOf?: bigint | undefined;
}

/**
 * What a step in this frame sees; `more` is seen besides. `asOf`: of each step that row which counted when that step began, whatever
 * has replaced it since.
 */
export function scopeOf(ctx: Ctx, run: RunRow, plan: Plan, frame: FrameRow, more: Lazy = {}, asOf?: bigint): Json {
  const sight = { ctx, plan, asOf };
  const steps: Lazy = {};
  const around: Lazy = {};
  const data = () => requireRow(ctx.db.runData.runId.find(run.id), `the data of run ${run.id}`);
  const trigger = () => JSON.parse(data().trigger) as { readonly payload: Json };
  for (let inner: FrameRow | undefined = frame; inner; inner = outerFrame(ctx, inner)) {
    const here = inner;
    for (const node of requireRow(plan.blocks[here.block], `block ${here.block}`).nodes) {
      const { id } = requireRow(plan.nodes[node], `step ${node}`);
      steps[id] ??= () => {
        const step = stepSeen(sight, here.id, node);
        return step && factsOf(sight, step);
      };
    }
    addSurroundings(sight, here, around);
  }
  return lazy({
    trigger: () => trigger() as unknown as Json,
    inputs: () => inputsOf(plan, trigger().payload),
    run: () =>
      lazy({
        id: () => String(run.id),
        recipe: () => run.recipe,
        version: () => run.version,
        startedAt: () => run.startedAt.toISOString(),
        localTime: () => localTimeOf(run.startedAt.toDate().getTime(), timeZoneOf(ctx, run.tenantId)),
      }),
    steps: () => lazy(steps),
    ...around,
    ...more,
  });
}

function stepSeen({ ctx, asOf }: Sight, frameId: bigint, node: number): StepRow | undefined {
  if (asOf === undefined) return currentStep(ctx, frameId, node);
  const rows = [...ctx.db.step.byNode.filter([frameId, node])].filter(({ id, undoes }) => undoes === 0n && id <= asOf);
  return rows.reduce<StepRow | undefined>((last, row) => (last && last.id > row.id ? last : row), undefined);
}

/** What a run was given, with what the recipe says for what was not. */
function inputsOf(plan: Plan, payload: Json): Json {
  const given = payload !== null && typeof payload === 'object' && !Array.isArray(payload) ? payload : {};
  const preset = plan.inputs.map(({ name, preset }) => [name, preset === '' ? null : JSON.parse(preset)]);
  return { ...Object.fromEntries(preset), ...(given as { readonly [key: string]: Json }) };
}

/** The nearest item, round or failure counts. */
function addSurroundings(sight: Sight, frame: FrameRow, around: Lazy): void {
  const { ctx, plan } = sight;
  const owner = frame.stepId === 0n ? undefined : ctx.db.step.id.find(frame.stepId);
  if (!owner) return;
  const action = plan.nodes[owner.node]?.action;
  if (action?.kind === 'Map' && action.block === frame.block) {
    around['item'] ??= () => JSON.parse(frame.item) as Json;
    around['index'] ??= () => frame.index;
    return;
  }
  if (action?.kind === 'Loop' && action.block === frame.block) {
    around['round'] ??= () => frame.index + 1;
    around['previous'] ??= () => {
      const [before] = frame.index === 0 ? [] : ctx.db.frame.byIndex.filter([owner.id, frame.index - 1]);
      return before && resultSeen(sight, before);
    };
    return;
  }
  const node = plan.nodes[owner.node];
  if (node?.onFailure.tag === 'steps' && node.onFailure.block === frame.block) {
    around['failure'] ??= () => ({ step: owner.path, error: owner.error });
  }
}

function outerFrame(ctx: Ctx, frame: FrameRow): FrameRow | undefined {
  if (frame.stepId === 0n) return undefined;
  const owner = requireRow(ctx.db.step.id.find(frame.stepId), `step ${frame.stepId}`);
  return requireRow(ctx.db.frame.id.find(owner.frameId), `frame ${owner.frameId}`);
}

/** All that can be said of a step that has ended: `{{steps.its_name…}}`. */
function factsOf(sight: Sight, step: StepRow): Json {
  const { ctx } = sight;
  const own: Lazy = {
    state: () => step.state.tag.toLowerCase(),
    error: () => step.error,
    failed: () => step.isHandled,
  };
  const output = ctx.db.stepOutput.stepId.find(step.id);
  const said = output ? (JSON.parse(output.value) as { readonly [key: string]: Json }) : {};
  for (const [key, value] of Object.entries(said)) own[key] = () => value;
  switch (step.kind.tag) {
    case 'Skill':
      own['json'] = () => jsonIn(said['text']);
      break;
    case 'Map':
    case 'Parallel':
      own['results'] = () => resultsOf(sight, step);
      own['count'] = () => step.total;
      break;
    case 'If':
    case 'Loop':
      own['value'] = () => lastResultOf(sight, step);
      own['rounds'] = () => step.opened;
      break;
    default:
      break;
  }
  if (step.isHandled) own['recovery'] = () => recoveryOf(sight, step);
  return lazy(own);
}

/** The one value that a step stands for where its block's result is asked for. */
function essenceOf(sight: Sight, step: StepRow): Json {
  const { ctx } = sight;
  if (step.state.tag === 'Skipped') return null;
  if (step.isHandled) return recoveryOf(sight, step);
  if (step.kind.tag === 'Map' || step.kind.tag === 'Parallel') return resultsOf(sight, step);
  if (step.kind.tag === 'If' || step.kind.tag === 'Loop') return lastResultOf(sight, step);
  const output = ctx.db.stepOutput.stepId.find(step.id);
  if (!output) return null;
  const said = JSON.parse(output.value) as { readonly [key: string]: Json };
  switch (step.kind.tag) {
    case 'Skill':
      return jsonIn(said['text']) ?? said['text'] ?? null;
    case 'Approve':
      return said['inputs'] ?? null;
    case 'Wait':
      return said['payload'] ?? null;
    default:
      return said['value'] ?? null;
  }
}

/** What the steps of a frame came to. */
export function resultOf(ctx: Ctx, plan: Plan, frame: FrameRow): Json {
  return resultSeen({ ctx, plan }, frame);
}

function resultSeen(sight: Sight, frame: FrameRow): Json {
  const block = requireRow(sight.plan.blocks[frame.block], `block ${frame.block}`);
  const step = stepSeen(sight, frame.id, block.result);
  return step ? essenceOf(sight, step) : null;
}

function resultsOf(sight: Sight, step: StepRow): Json {
  const { ctx, plan } = sight;
  const frames = framesOf(ctx, step.id).filter(({ block }) => !isRecovery(plan, step, block));
  return frames.sort((a, b) => a.index - b.index).map((frame) => resultSeen(sight, frame));
}

function lastResultOf(sight: Sight, step: StepRow): Json {
  const { ctx, plan } = sight;
  if (step.opened === 0) return null;
  for (const frame of ctx.db.frame.byIndex.filter([step.id, step.kind.tag === 'Loop' ? step.opened - 1 : 0])) {
    if (!isRecovery(plan, step, frame.block)) return resultSeen(sight, frame);
  }
  return null;
}

function recoveryOf(sight: Sight, step: StepRow): Json {
  const { ctx, plan } = sight;
  for (const frame of framesOf(ctx, step.id)) {
    if (isRecovery(plan, step, frame.block)) return resultSeen(sight, frame);
  }
  return null;
}

export function isRecovery(plan: Plan, step: StepRow, block: number): boolean {
  const onFailure = plan.nodes[step.node]?.onFailure;
  return onFailure?.tag === 'steps' && onFailure.block === block;
}

/** A text that is JSON of a list or a map, as that; nothing otherwise. */
export function jsonIn(text: Json | undefined): Json | undefined {
  if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
