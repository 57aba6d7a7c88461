import type { Path } from '../../conditions/expression.ts';
import { didYouMean } from '../../conditions/hints.ts';
import type { Scope } from '../../conditions/scope.ts';
import type { Ask } from '../plan.ts';
import type { ActionKey } from './keys.ts';
import type { Outline, OutlineStep } from './outline.ts';

type Objection = { readonly message: string; readonly hint: string };

/** What can be said of a step that has ended, besides its `state`, `error` and whether it has `failed`. */
const fields: Readonly<Record<ActionKey, readonly string[]>> = {
  skill: [
    'text',
    'json',
    'engine',
    'note',
    'exitCode',
    'artefacts',
    'citations',
    'tokensIn',
    'tokensOut',
    'durationMs',
  ],
  if: ['value'],
  parallel: ['results', 'count'],
  map: ['results', 'count'],
  loop: ['value', 'rounds'],
  wait: ['at', 'id', 'kind', 'source', 'subject', 'payload'],
  approve: ['inputs', 'note', 'by'],
  recipe: ['value', 'runId'],
  output: ['value'],
};

const commonFields = ['state', 'error', 'failed', 'recovery'];

const roots = ['trigger', 'inputs', 'run', 'steps'];
const triggerFields = ['kind', 'source', 'subject', 'payload'];
const runFields = ['id', 'recipe', 'version', 'startedAt', 'localTime'];

export interface ScopeOptions {
  /** Names that are known at this place besides. */
  readonly more?: readonly string[];
  /** Steps that have ended at this place besides those before. */
  readonly ended?: Iterable<OutlineStep>;
}

/** What the expressions of a step may speak of: what started the run, and what has ended for sure when it begins. */
export function scopeFor(outline: Outline, asks: readonly Ask[], step: OutlineStep, options: ScopeOptions = {}): Scope {
  const visible = new Set<OutlineStep>(options.ended ?? []);
  const around = new Set<string>();
  for (let inner: OutlineStep | undefined = step; inner; inner = outline.blocks[inner.block]?.owner) {
    for (const one of inner.before) visible.add(one);
    for (const name of surroundings(outline, inner)) around.add(name);
  }
  return {
    roots: [...roots, ...around, ...(options.more ?? [])],
    check: (path) => objectionTo(path, outline, asks, visible),
  };
}

/** What the frame gives that a step stands in. */
function surroundings(outline: Outline, step: OutlineStep): readonly string[] {
  const owner = outline.blocks[step.block]?.owner;
  if (!owner) return [];
  if (owner.blocks.get('onFailure') === step.block) return ['failure'];
  if (owner.key === 'map') return ['item', 'index'];
  return owner.key === 'loop' ? ['round', 'previous'] : [];
}

function objectionTo(
  path: Path,
  outline: Outline,
  asks: readonly Ask[],
  visible: ReadonlySet<OutlineStep>,
): Objection | undefined {
  const [root, second, third] = path;
  switch (root) {
    case 'trigger':
      return unknownOf('trigger', second, triggerFields);
    case 'run':
      return unknownOf('run', second, runFields);
    case 'inputs': {
      const names = asks.map(({ name }) => name);
      if (second === undefined || names.includes(String(second))) return undefined;
      const hint =
        names.length === 0 ? 'say which there are under inputs: at the top' : didYouMean(String(second), names);
      return { message: `the recipe has no input ${second}`, hint };
    }
    case 'steps':
      return objectionToStep(second, third, outline, visible);
    default:
      return undefined;
  }
}

function objectionToStep(
  id: Path[number] | undefined,
  field: Path[number] | undefined,
  outline: Outline,
  visible: ReadonlySet<OutlineStep>,
): Objection | undefined {
  if (id === undefined) return { message: 'steps needs the name of a step', hint: 'such as steps.fetch.text' };
  const step = outline.steps.find((one) => one.id === id);
  if (!step) {
    return {
      message: `there is no step ${id}`,
      hint: didYouMean(
        String(id),
        [...visible].map((one) => one.id),
      ),
    };
  }
  if (visible.has(step)) return unknownOf(`steps.${id}`, field, [...fields[step.key], ...commonFields]);
  const owner = outline.blocks[step.block]?.owner;
  const isInside = owner !== undefined && visible.has(owner);
  const result = owner && { map: 'results', parallel: 'results', if: 'value', loop: 'value' }[owner.key as 'map'];
  const hint =
    isInside && result
      ? `it is inside of ${owner.id}: its result is in steps.${owner.id}.${result}`
      : 'name it under after';
  return { message: `the step ${id} need not have ended before this one begins`, hint };
}

function unknownOf(what: string, field: Path[number] | undefined, known: readonly string[]): Objection | undefined {
  if (field === undefined || known.includes(String(field))) return undefined;
  return { message: `${what} has no ${field}`, hint: didYouMean(String(field), known) };
}
