import { Document, isMap, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { diffLines } from '../recipes/diff.ts';
import { texts } from '../texts.ts';
import { blocksOf, documentOf, idOf, stepsOf } from './document.ts';

// Changes of a recipe's text, in YAML or JSON, that leave its comments and all else as they are.

/** Why a change cannot be made, for whoever wanted it. */
export class EditRefused extends Error {}

export interface Found {
  readonly block: YAMLSeq;
  readonly step: YAMLMap;
  /** Where it stands in its block. */
  readonly index: number;
  /** The step that its block is a part of, and as what of it; none for the recipe's own steps. */
  readonly owner?: { readonly step: YAMLMap; readonly name: string };
}

/** A text that is JSON stays JSON. */
export function change(text: string, act: (document: Document) => void): string {
  const document: Document = text.trim() === '' ? new Document({}) : parseDocument(text, { logLevel: 'error' });
  if (document.errors.length > 0) throw new EditRefused(texts.canvas.refused.text);
  const write = isJson(text) ? jsonWriter(text) : yamlWriter(text);
  const before = write(document);
  act(document);
  return inOwnStyle(text, before, write(document));
}

function yamlWriter(text: string): (document: Document) => string {
  const options = { lineWidth: 0, indentSeq: !/^steps:[^\n]*\n- /m.test(text) };
  return (document) => document.toString(options);
}

function jsonWriter(text: string): (document: Document) => string {
  const indent = /^[ \t]+/m.exec(text)?.[0] ?? '  ';
  const end = text.endsWith('\n') ? '\n' : '';
  return (document) => JSON.stringify(document.toJS(), null, indent) + end;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
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

/** @throws EditRefused when the text has no such step */
export function find(document: Document, id: string): Found {
  const found = tryFind(document, id);
  if (!found) throw new EditRefused(texts.canvas.refused.missing(id));
  return found;
}

export function tryFind(document: Document, id: string): Found | undefined {
  for (const found of walk(stepsOf(document))) if (idOf(found.step) === id) return found;
  return undefined;
}

function* walk(block: YAMLSeq | undefined, owner?: Found['owner']): Generator<Found> {
  for (const [index, step] of (block?.items ?? []).entries()) {
    if (!isMap(step) || !block) continue;
    yield { block, step, index, ...(owner ? { owner } : {}) };
    for (const { name, steps } of blocksOf(step)) yield* walk(steps, { step, name });
  }
}

export function idsOf(document: Document): Set<string> {
  return new Set([...walk(stepsOf(document))].map(({ step }) => idOf(step)));
}
