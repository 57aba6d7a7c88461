import { Document, isMap, isScalar, isSeq, parseDocument, Scalar, visit, YAMLSeq } from 'yaml';
import { texts } from '../texts.ts';
import { deleteBlock } from './branches.ts';
import { change, EditRefused, find, idsOf, tryFind } from './change.ts';
import { afterOf, idOf, type StepKind, stepMaps, stepsOf } from './document.ts';
import type { FieldKey } from './fields.ts';
import { freeId, newStep } from './new-steps.ts';

// What can be done with the steps of a recipe's text.

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
    const { block, step, index, owner } = find(document, id);
    if (stepMaps(block).length === 1) {
      if (!owner || !deleteBlock(owner.step, owner.name)) throw new EditRefused(texts.canvas.refused.lastStep);
      return;
    }
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

/** What a field of a step, or with no step of the recipe, says, as it is written: `''` for nothing. */
export function fieldOf(document: Document, id: string, { key, isPlain }: FieldKey): string {
  const value = id === '' ? document.get(key, true) : tryFind(document, id)?.step.get(key, true);
  if (value === undefined || value === null) return '';
  if (isPlain && isScalar(value)) return String(value.value ?? '');
  return new Document(value).toString({ lineWidth: 0 }).trimEnd();
}

/** Writes a field of a step, or with no step of the recipe; an empty one is taken out. */
export function setField(text: string, id: string, { key, isPlain }: FieldKey, value: string): string {
  return change(text, (document) => {
    const of = id === '' ? document : find(document, id).step;
    if (value.trim() === '') {
      of.delete(key);
      return;
    }
    const isText = isPlain || value.trimStart().startsWith('{{');
    const written = isText ? (isPlain ? value : value.trim()) : contentsOf(key, value);
    const map = document.contents;
    if (id !== '' || of.has(key) || !isMap(map)) {
      of.set(key, written);
      return;
    }
    const steps = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === 'steps');
    map.items.splice(steps < 0 ? map.items.length : steps, 0, document.createPair(key, written));
  });
}

function contentsOf(key: string, value: string): unknown {
  const written = parseDocument(value, { logLevel: 'error' });
  const [error] = written.errors;
  if (error) throw new EditRefused(texts.canvas.refused.field(key, error.message.split('\n')[0] ?? ''));
  return written.contents;
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
