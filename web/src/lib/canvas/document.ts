import { parse as parseToml } from 'smol-toml';
import { Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { NotationTag } from '../live/model.ts';

// How the text of a recipe is nested. What is wrong with it is the hub's to say; here whatever can be understood is.

export const stepKinds = ['skill', 'if', 'parallel', 'map', 'loop', 'wait', 'approve', 'recipe', 'output'] as const;
export type StepKind = (typeof stepKinds)[number];

/** The text as a document; none when it cannot be read as one. */
export function documentOf(text: string, notation: NotationTag): Document | undefined {
  try {
    if (notation === 'Toml') return new Document(parseToml(text));
    const document = parseDocument(text, { uniqueKeys: false, logLevel: 'error' });
    return document.errors.length === 0 ? document : undefined;
  } catch {
    // Half-written text: whoever types it is told by the hub what is wrong.
    return undefined;
  }
}

export interface BlockNode {
  /** `then`, `else`, `steps`, `onFailure`, or `parallel` with the number of its branch. */
  readonly name: string;
  readonly steps: YAMLSeq;
}

export function stepsOf(document: Document): YAMLSeq | undefined {
  const steps = document.get('steps', true);
  return isSeq(steps) ? steps : undefined;
}

export function kindOf(step: YAMLMap): StepKind | undefined {
  return stepKinds.find((kind) => step.has(kind));
}

export function idOf(step: YAMLMap): string {
  const id = step.get('id');
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}

/** The lists of steps that a step has inside of it. */
export function blocksOf(step: YAMLMap): BlockNode[] {
  const kind = kindOf(step);
  const names = kind === 'if' ? ['then', 'else'] : kind === 'map' || kind === 'loop' ? ['steps'] : [];
  const found: BlockNode[] = [];
  for (const name of [...names, 'onFailure']) {
    const steps = step.get(name, true);
    if (isSeq(steps)) found.push({ name, steps });
  }
  const branches = kind === 'parallel' ? step.get('parallel', true) : undefined;
  if (isSeq(branches)) {
    for (const [index, steps] of branches.items.entries()) {
      if (isSeq(steps)) found.push({ name: `parallel ${index}`, steps });
    }
  }
  return found;
}

/** The steps of a block, in order; what is no step is left out. */
export function stepMaps(block: YAMLSeq): YAMLMap[] {
  return block.items.filter((item) => isMap(item));
}

/** After which steps beside it a step comes; `undefined` when it does not say, and comes after the one before it. */
export function afterOf(step: YAMLMap): readonly string[] | undefined {
  if (!step.has('after')) return undefined;
  const after = step.get('after', true);
  const items = isSeq(after) ? after.items : [after];
  return items.flatMap((item) => (isScalar(item) && typeof item.value === 'string' ? [item.value] : []));
}
