import { readSource } from '../../conditions/notation.ts';
import { type JsonSchema, publishedSchema } from '../../conditions/shape.ts';
import { type Problem, Problems } from '../../conditions/source.ts';
import type { Template } from '../../conditions/template.ts';
import { readToml } from '../../conditions/toml.ts';
import { limits } from '../../lib/limits.ts';
import type { Action, Ask, Block, Node, OnFailure, Plan, Work } from '../plan.ts';
import { type Outline, type OutlineBlock, type OutlineStep, readOutline } from './outline.ts';
import { scopeFor } from './scopes.ts';
import { recipe, type StepWords, stepShapes, type WorkWords } from './shapes.ts';

export type NotationTag = 'Yaml' | 'Toml' | 'Json';

export type ReadRecipe =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a recipe, or says everything that is wrong with it and where. */
export function readRecipe(text: string, notation: NotationTag): ReadRecipe {
  const source = notation === 'Toml' ? readToml(text) : readSource(text);
  if (!source.ok) return source;
  const problems = new Problems();
  const words = recipe.read(source.node, problems);
  const list = source.node.kind === 'map' ? source.node.entries.find(({ key }) => key === 'steps') : undefined;
  const problemCount = problems.list.length;
  const outline = list && readOutline(list.value, problems);
  // A step that is none is missing wherever it is spoken of: that is told once.
  if (!outline || problems.list.length > problemCount) return { ok: false, problems: problems.list };
  const asks = words?.inputs ?? [];
  const nodes = outline.steps.map((step) => readStep(step, outline, asks, problems));
  if (!words || !problems.none) return { ok: false, problems: problems.list };
  const whole = nodes.filter((node) => node !== undefined);
  const { name, description = '' } = words;
  const blocks = outline.blocks.map(blockOf);
  return { ok: true, plan: { name, description, inputs: asks, blocks, nodes: whole } };
}

function readStep(step: OutlineStep, outline: Outline, asks: readonly Ask[], problems: Problems): Node | undefined {
  const inner = outline.blocks[step.blocks.get('steps') ?? -1]?.steps ?? [];
  const shapes = stepShapes({
    scope: scopeFor(outline, asks, step),
    check: scopeFor(outline, asks, step, { more: ['result'] }),
    until: scopeFor(outline, asks, inner[0] ?? step, { ended: inner, more: ['value'] }),
    event: scopeFor(outline, asks, step, { more: ['event'] }),
    undo: scopeFor(outline, asks, step, { ended: [step], more: ['failure'] }),
  });
  const action = readAction(step, shapes, problems);
  if (!action) return undefined;
  const { words } = action;
  const compensate = 'compensate' in words ? words.compensate : undefined;
  return {
    id: step.id,
    block: step.block,
    after: step.after.map(({ number }) => number),
    followers: (outline.blocks[step.block]?.steps ?? [])
      .filter(({ after }) => after.includes(step))
      .map(({ number }) => number),
    when: words.when,
    timeoutMs: words.timeout ?? 0,
    onFailure: onFailureOf(words.onFailure, step),
    compensate: compensate && workOf(compensate),
    action: action.action,
  };
}

type Shapes = ReturnType<typeof stepShapes>;

function readAction(
  step: OutlineStep,
  shapes: Shapes,
  problems: Problems,
): { readonly action: Action; readonly words: StepWords[keyof StepWords] } | undefined {
  const read = <K extends keyof StepWords>(key: K, actionOf: (words: StepWords[K]) => Action) => {
    const words = shapes[key].read(step.source, problems);
    return words && { action: actionOf(words), words };
  };
  const block = (name: string) => step.blocks.get(name) ?? 0;
  switch (step.key) {
    case 'skill':
      return read('skill', (words) => ({
        kind: 'Skill',
        work: workOf(words),
        check: words.check && { condition: words.check, tries: words.tries ?? 1 },
      }));
    case 'if':
      return read('if', (words) => ({
        kind: 'If',
        condition: words.if,
        holds: block('then'),
        otherwise: step.blocks.get('else'),
      }));
    case 'parallel':
      return read('parallel', () => ({
        kind: 'Parallel',
        blocks: [...step.blocks].filter(([name]) => name.startsWith('parallel ')).map(([, number]) => number),
      }));
    case 'map':
      return read('map', (words) => ({
        kind: 'Map',
        over: words.map,
        limit: words.limit ?? limits.mapLimitDefault,
        block: block('steps'),
      }));
    case 'loop':
      return read('loop', ({ loop, until }) => ({ kind: 'Loop', block: block('steps'), max: loop, until }));
    case 'wait':
      return read('wait', ({ wait }) => ({ kind: 'Wait', wait: waitOf(wait) }));
    case 'approve':
      return read('approve', (words) => ({
        kind: 'Approve',
        prompt: words.approve,
        role: words.role === 'owner' ? 'Owner' : 'Operator',
        asks: words.inputs ?? [],
      }));
    case 'recipe':
      return read('recipe', (words) => ({ kind: 'Recipe', recipe: words.recipe, input: words.input ?? nothing }));
    case 'output':
      return read('output', (words) => ({ kind: 'Output', value: words.output }));
  }
}

const nothing: Template = { kind: 'constant', value: {} };

function workOf({ skill, input = nothing, title, labels = [], priority, attempts = 0 }: WorkWords): Work {
  return { skill, input, title, labels, priority: priority ?? limits.priorityDefault, attempts };
}

function waitOf(words: StepWords['wait']['wait']): Extract<Action, { kind: 'Wait' }>['wait'] {
  if (typeof words === 'number') return { tag: 'time', ms: words };
  if (words.until) return { tag: 'until', at: words.until };
  return { tag: 'event', kind: words.event ?? '', where: words.where };
}

function onFailureOf(words: 'continue' | true | undefined, step: OutlineStep): OnFailure {
  if (words === undefined) return { tag: 'fail' };
  return words === 'continue' ? { tag: 'continue' } : { tag: 'steps', block: step.blocks.get('onFailure') ?? 0 };
}

function blockOf({ steps }: OutlineBlock): Block {
  const outputs = steps.filter(({ key }) => key === 'output');
  return {
    nodes: steps.map(({ number }) => number),
    first: steps.filter(({ after }) => after.length === 0).map(({ number }) => number),
    result: (outputs.at(-1) ?? steps.at(-1))?.number ?? 0,
  };
}

/** The JSON Schema of a recipe's text; `schema.json` is kept in step with it. */
export function recipeSchema(): JsonSchema {
  return publishedSchema(recipe, 'urn:helix:schema:recipe', 'A recipe of Helix');
}
