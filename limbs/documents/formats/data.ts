import { posix } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { messageOf } from '../../errors.ts';
import { chunkCharsMax, type Section } from '../../memory/chunks.ts';
import { type Parsed, refuse } from './parsed.ts';

const depthMax = 64;
const linesMax = 200_000;

/** An alias may stand for a value that has aliases: a few lines could become terabytes. */
const aliasesMax = 100;

export function parseJson(text: string, path: string): Parsed {
  const lines = /^\.(jsonl|ndjson)$/.test(posix.extname(path).toLowerCase());
  try {
    if (!lines) return parsed([JSON.parse(text.replace(/^\uFEFF/, ''))]);
    return parsed(text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as unknown])));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse(`it is not JSON (${messageOf(error)})`, error);
    throw error;
  }
}

export function parseYaml(text: string): Parsed {
  try {
    const documents = parseAllDocuments(text, { logLevel: 'error' });
    const values = [...documents].map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS({ maxAliasCount: aliasesMax }) as unknown;
    });
    return parsed(values);
  } catch (error) {
    throw refuse(`it is not YAML that can be read (${messageOf(error).split('\n', 1)[0]})`, error);
  }
}

/** A section for each key at the top, in which what belongs together stays together as far as it fits. */
function parsed(values: readonly unknown[]): Parsed {
  const budget = { lines: linesMax };
  const sections: Section[] = [];
  for (const value of values) {
    if (isTree(value) && !Array.isArray(value)) {
      for (const [key, child] of Object.entries(value)) {
        sections.push({ headings: [key], blocks: blocksOf(nodeOf(child, key, budget, 1)) });
      }
    } else {
      sections.push({ headings: [], blocks: blocksOf(nodeOf(value, '', budget, 1)) });
    }
  }
  const full = sections.filter((section) => section.blocks.length > 0);
  if (full.length === 0) throw refuse('it has no values');
  return { title: '', sections: full };
}

interface Node {
  readonly lines: readonly string[];
  readonly chars: number;
  readonly children: readonly Node[];
}

/** A value as lines of `path: value`. */
function nodeOf(value: unknown, path: string, budget: { lines: number }, depth: number): Node {
  if (depth > depthMax) throw refuse(`its values are nested more than ${depthMax} deep`);
  if (!isTree(value)) {
    if (value === null || value === '') return { lines: [], chars: 0, children: [] };
    budget.lines -= 1;
    if (budget.lines < 0) throw refuse(`it has more than ${linesMax} values`);
    const line = path === '' ? String(value) : `${path}: ${String(value)}`;
    return { lines: [line], chars: line.length + 1, children: [] };
  }
  const children = Object.entries(value).map(([key, child]) => {
    // The place in a list changes with its neighbours and says little.
    const name = Array.isArray(value) ? path : path === '' ? key : `${path}.${key}`;
    return nodeOf(child, name, budget, depth + 1);
  });
  const chars = children.reduce((sum, child) => sum + child.chars, 0);
  const lines = chars <= chunkCharsMax ? children.flatMap((child) => child.lines) : [];
  return { lines, chars, children };
}

function blocksOf(node: Node): string[] {
  if (node.chars === 0) return [];
  return node.lines.length > 0 ? [node.lines.join('\n')] : node.children.flatMap(blocksOf);
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}
