import { type Document, isNode, type YAMLMap, type YAMLSeq } from 'yaml';
import { afterOf, blocksOf, idOf, kindOf, type StepKind, stepMaps, stepsOf } from './document.ts';

export interface GraphStep {
  /** Its name; made unique where the text gives one twice or none. */
  readonly id: string;
  readonly kind: StepKind | undefined;
  /** What it does, in a few words of the text. */
  readonly summary: string;
  /** The steps beside it after which it comes. */
  readonly after: readonly string[];
  readonly blocks: readonly GraphBlock[];
}

export interface GraphBlock {
  readonly name: string;
  readonly steps: readonly GraphStep[];
}

/** The steps of a recipe, as they are nested and follow one another. */
export function graphOf(document: Document): GraphBlock {
  const seen = new Set<string>();
  const steps = stepsOf(document);
  return { name: '', steps: steps ? readBlock(steps, seen) : [] };
}

export function stepCount(block: GraphBlock): number {
  return block.steps.reduce((sum, step) => sum + 1 + step.blocks.reduce((inner, one) => inner + stepCount(one), 0), 0);
}

function readBlock(block: YAMLSeq, seen: Set<string>): GraphStep[] {
  const maps = stepMaps(block);
  const ids = maps.map((map) => uniqueId(idOf(map), seen));
  return maps.map((map, index) => {
    const previous = ids[index - 1];
    const after = afterOf(map) ?? (previous === undefined ? [] : [previous]);
    const id = ids[index] ?? '';
    return {
      id,
      kind: kindOf(map),
      summary: summaryOf(map),
      after: after.filter((one) => one !== id && ids.includes(one)),
      blocks: blocksOf(map).map(({ name, steps }) => ({ name, steps: readBlock(steps, seen) })),
    };
  });
}

function uniqueId(id: string, seen: Set<string>): string {
  const base = id === '' ? '?' : id;
  let unique = base;
  for (let number = 2; seen.has(unique); number += 1) unique = `${base} (${number})`;
  seen.add(unique);
  return unique;
}

const summaryCharsMax = 80;

function summaryOf(step: YAMLMap): string {
  const kind = kindOf(step);
  if (kind === undefined || kind === 'parallel') return '';
  const value = step.get(kind, true);
  const text = isNode(value) ? plain(value.toJSON() ?? '') : '';
  return text.length > summaryCharsMax ? `${text.slice(0, summaryCharsMax)}…` : text;
}

/** A value in a line, without the marks of a notation. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  if (value === null || typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, one]) => `${key} ${plain(one)}`)
    .join(', ');
}
