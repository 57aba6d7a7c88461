import { Document, isMap, isScalar, isSeq, parseDocument, Scalar, visit, type YAMLMap, YAMLSeq } from 'yaml';
import { diffLines } from '../recipes/diff.ts';
import { texts } from '../texts.ts';
import { afterOf, blocksOf, documentOf, idOf, type StepKind, stepMaps, stepsOf } from './document.ts';

// Changes of a recipe's text, in YAML, that leave its comments and all else as they are.

/** Why a change cannot be made, for whoever wanted it. */
export class EditRefused extends Error {}

interface Found {
  readonly block: YAMLSeq;
  readonly step: YAMLMap;
  /** Where it stands in its block. */
  readonly index: number;
}

/** Puts a new step behind another one, or at the end of the recipe. @returns the text, and the name of the new step */
export function addStep(text: string, kind: StepKind, behind: string | undefined): { text: string; id: string } {
  let id = '';
  const changed = change(text, (document) => {
    const ids = idsOf(document);
    id = freeId(ids, kind);
    const found = behind === undefined ? undefined : find(document, behind);
    const step = document.createNode(newStep(kind, id));
    if (found) {
      found.block.items.splice(found.index + 1, 0, step);
      return;
    }
    const steps = stepsOf(document);
    if (steps) steps.add(step);
    else document.set('steps', document.createNode([newStep(kind, id)]));
  });
  return { text: changed, id };
}

/** Takes a step out; those that came after it come after what it came after. */
export function deleteStep(text: string, id: string): string {
  return change(text, (document) => {
    const { block, step, index } = find(document, id);
    if (stepMaps(block).length === 1) throw new EditRefused(texts.canvas.refused.lastStep);
    const before = effectiveAfter(block, index);
    const next = block.items[index + 1];
    const isPlain = afterOf(step) === undefined;
    if (isMap(next) && afterOf(next) === undefined && !isPlain) next.set('after', list(before));
    for (const other of stepMaps(block)) {
      const after = afterOf(other);
      if (other === step || !after?.includes(id)) continue;
      other.set('after', list(unique(after.flatMap((one) => (one === id ? before : [one])))));
    }
    block.items.splice(index, 1);
  });
}

const idPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Gives a step another name, wherever it is spoken of. */
export function renameStep(text: string, from: string, to: string): string {
  if (from === to) return text;
  if (!idPattern.test(to)) throw new EditRefused(texts.canvas.refused.name(to));
  return change(text, (document) => {
    if (idsOf(document).has(to)) throw new EditRefused(texts.canvas.refused.taken(to));
    const { block, step } = find(document, from);
    step.set('id', to);
    for (const other of stepMaps(block)) {
      const after = other.get('after', true);
      for (const item of isSeq(after) ? after.items : [after]) {
        if (isScalar(item) && item.value === from) item.value = to;
      }
    }
    const spoken = new RegExp(`\\bsteps\\.${from}\\b`, 'g');
    visit(document, {
      Scalar: (key, node) => {
        if (typeof node.value !== 'string') return;
        if (key === 'key') node.value = node.value.replace(spoken, `steps.${to}`);
        else node.value = node.value.replace(/\{\{.*?\}\}/gs, (part) => part.replace(spoken, `steps.${to}`));
      },
    });
  });
}

/** Lets a step come after another one that stands beside it. */
export function connect(text: string, from: string, to: string): string {
  return change(text, (document) => {
    const source = find(document, from);
    const target = find(document, to);
    if (source.block !== target.block) throw new EditRefused(texts.canvas.refused.otherBlock);
    const after = effectiveAfter(target.block, target.index);
    if (after.includes(from)) return;
    if (from === to || comesAfter(source.block, from, to)) throw new EditRefused(texts.canvas.refused.circle(from, to));
    target.step.set('after', list([...after, from]));
  });
}

/** Lets a step no longer wait for another one. */
export function disconnect(text: string, from: string, to: string): string {
  return change(text, (document) => {
    const { block, step, index } = find(document, to);
    const after = effectiveAfter(block, index);
    if (after.includes(from)) step.set('after', list(without(after, from)));
  });
}

/** What a field of a step says, as it is written: `''` for nothing. */
export function fieldOf(document: Document, id: string, key: string, isPlain: boolean): string {
  const value = tryFind(document, id)?.step.get(key, true);
  if (value === undefined || value === null) return '';
  if (isPlain && isScalar(value)) return String(value.value ?? '');
  return new Document(value).toString({ lineWidth: 0 }).trimEnd();
}

/** Writes a field of a step; an empty one is taken out. `isPlain`: its value is a text, whatever it looks like. */
export function setField(text: string, id: string, key: string, value: string, isPlain: boolean): string {
  return change(text, (document) => {
    const { step } = find(document, id);
    if (value.trim() === '') step.delete(key);
    else if (isPlain || value.trimStart().startsWith('{{')) step.set(key, isPlain ? value : value.trim());
    else {
      const written = parseDocument(value, { logLevel: 'error' });
      const [error] = written.errors;
      if (error) throw new EditRefused(texts.canvas.refused.field(key, error.message.split('\n')[0] ?? ''));
      step.set(key, written.contents);
    }
  });
}

function change(text: string, act: (document: Document) => void): string {
  const document: Document = text.trim() === '' ? new Document({}) : parseDocument(text, { logLevel: 'error' });
  if (document.errors.length > 0) throw new EditRefused(texts.canvas.refused.text);
  const options = { lineWidth: 0, indentSeq: !/^steps:[^\n]*\n- /m.test(text) };
  const before = document.toString(options);
  act(document);
  return inOwnStyle(text, before, document.toString(options));
}

/** Only the lines that a change is about are written anew: `before` and `after` are in the style of the writer, `text` in its own. */
function inOwnStyle(text: string, before: string, after: string): string {
  const own = text.split('\n');
  if (own.length !== before.split('\n').length) return after;
  let at = 0;
  const lines = diffLines(before, after).flatMap(({ kind, text: line }) => {
    if (kind === 'added') return [line];
    at += 1;
    return kind === 'same' ? [own[at - 1] ?? line] : [];
  });
  const merged = lines.join('\n');
  const isSame =
    JSON.stringify(documentOf(merged, 'Yaml')?.toJS()) === JSON.stringify(documentOf(after, 'Yaml')?.toJS());
  return isSame ? merged : after;
}

function find(document: Document, id: string): Found {
  const found = tryFind(document, id);
  if (!found) throw new EditRefused(texts.canvas.refused.missing(id));
  return found;
}

function tryFind(document: Document, id: string): Found | undefined {
  for (const found of walk(stepsOf(document))) if (idOf(found.step) === id) return found;
  return undefined;
}

function* walk(block: YAMLSeq | undefined): Generator<Found> {
  for (const [index, step] of (block?.items ?? []).entries()) {
    if (!isMap(step) || !block) continue;
    yield { block, step, index };
    for (const { steps } of blocksOf(step)) yield* walk(steps);
  }
}

function idsOf(document: Document): Set<string> {
  return new Set([...walk(stepsOf(document))].map(({ step }) => idOf(step)));
}

/** After which steps it comes, said or not. */
function effectiveAfter(block: YAMLSeq, index: number): readonly string[] {
  const step = block.items[index];
  const said = isMap(step) ? afterOf(step) : undefined;
  if (said) return said;
  const previous = block.items[index - 1];
  return isMap(previous) ? [idOf(previous)] : [];
}

/** Whether a step waits for another one, directly or not. */
function comesAfter(block: YAMLSeq, step: string, other: string): boolean {
  const index = new Map(block.items.map((item, at) => [isMap(item) ? idOf(item) : '', at]));
  const seen = new Set<string>();
  const line = [step];
  for (let next = line.pop(); next !== undefined; next = line.pop()) {
    if (next === other) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    line.push(...effectiveAfter(block, index.get(next) ?? -1));
  }
  return false;
}

/** One name, or several in a line. */
function list(ids: readonly string[]): Scalar | YAMLSeq {
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return new Scalar(only);
  const node = new YAMLSeq();
  node.flow = true;
  for (const id of ids) node.add(new Scalar(id));
  return node;
}

function without(ids: readonly string[], id: string): readonly string[] {
  return ids.filter((one) => one !== id);
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

const baseIds: Readonly<Record<StepKind, string>> = {
  skill: 'work',
  if: 'choose',
  parallel: 'both',
  map: 'each',
  loop: 'repeat',
  wait: 'wait',
  approve: 'ask',
  recipe: 'inner',
  output: 'output',
};

function freeId(taken: ReadonlySet<string>, kind: StepKind): string {
  const base = baseIds[kind];
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${number}`;
  return id;
}

/** A step that can be saved as it is, apart from the recipe that it runs. */
function newStep(kind: StepKind, id: string): Record<string, unknown> {
  const inner = (name: string, output: unknown) => ({ id: `${id}_${name}`, output });
  switch (kind) {
    case 'skill':
      return { id, skill: 'reason', input: { question: texts.canvas.firstQuestion } };
    case 'if':
      // biome-ignore lint/suspicious/noThenProperty: the word of the language.
      return { id, if: { 'trigger.kind': 'manual' }, then: [inner('yes', true)], else: [inner('no', false)] };
    case 'parallel':
      return { id, parallel: [[inner('a', 1)], [inner('b', 2)]] };
    case 'map':
      return { id, map: 3, steps: [inner('item', '{{item}}')] };
    case 'loop':
      return { id, loop: 3, steps: [inner('round', '{{round}}')] };
    case 'wait':
      return { id, wait: '10s' };
    case 'approve':
      return { id, approve: texts.canvas.firstPrompt };
    case 'recipe':
      return { id, recipe: texts.canvas.firstRecipe };
    case 'output':
      return { id, output: texts.canvas.firstOutput };
  }
}
