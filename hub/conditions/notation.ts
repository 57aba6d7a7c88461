import { isMap, isScalar, isSeq, Lexer, LineCounter, type ParsedNode, parseDocument, Scalar as YamlScalar } from 'yaml';
import { type MapEntry, type Position, type Problem, Problems, type SourceNode } from './source.ts';

export const sourceCharsMax = 64 * 1024;
const depthMax = 32;
const nodesMax = 20_000;
const indentationMax = depthMax * 5;

export type Source =
  | { readonly ok: true; readonly node: SourceNode }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads YAML, or JSON, which is YAML as well: at most `charsMax` characters (default: 65,536), 32 levels and 20,000 values.
 * Anchors, aliases, tags, several documents, a key twice and numbers that are not exact are refused.
 */
export function readSource(text: string, charsMax = sourceCharsMax): Source {
  const problems = new Problems();
  const node = read(text, problems, charsMax);
  return node !== undefined && problems.none ? { ok: true, node } : { ok: false, problems: problems.list };
}

function read(text: string, problems: Problems, charsMax: number): SourceNode | undefined {
  const start = { line: 1, column: 1 };
  if (text.length > charsMax) {
    problems.add(start, `the text has ${text.length} characters, at most ${charsMax} are allowed`);
    return undefined;
  }
  const tooDeep = findTooDeep(text);
  if (tooDeep) {
    problems.add(tooDeep, `the text is nested more than ${depthMax} levels deep`);
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    merge: false,
    strict: true,
    logLevel: 'error',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const error of [...document.errors, ...document.warnings]) {
    problems.add(at(error.pos[0]), lower(error.message), hintFor(error.code));
  }
  if (!problems.none) return undefined;
  if (document.contents === null) {
    problems.add(start, 'the text is empty');
    return undefined;
  }
  return new Reader(problems, at).read(document.contents as ParsedNode, 0);
}

class Reader {
  readonly #problems: Problems;
  readonly #at: (offset: number) => Position;
  #nodes = 0;

  constructor(problems: Problems, at: (offset: number) => Position) {
    this.#problems = problems;
    this.#at = at;
  }

  read(node: ParsedNode | null, offset: number, depth = 1): SourceNode | undefined {
    this.#nodes += 1;
    const at = this.#at(node?.range[0] ?? offset);
    if (depth > depthMax) {
      this.#problems.add(at, `the text is nested more than ${depthMax} levels deep`);
      return undefined;
    }
    if (this.#nodes > nodesMax) {
      if (this.#nodes === nodesMax + 1) this.#problems.add(at, `the text has more than ${nodesMax} values`);
      return undefined;
    }
    if (node === null) return { kind: 'scalar', value: null, at, textAt: at };
    if (isScalar(node)) {
      if (node.anchor !== undefined || node.tag !== undefined) return this.#refuseAnchor(at);
      return this.#scalar(node, at);
    }
    if (isSeq(node)) {
      if (node.anchor !== undefined || node.tag !== undefined) return this.#refuseAnchor(at);
      const items = node.items.map((item) => this.read(item as ParsedNode, node.range[0], depth + 1));
      return { kind: 'list', items: items.filter((item) => item !== undefined), at };
    }
    if (isMap(node)) {
      if (node.anchor !== undefined || node.tag !== undefined) return this.#refuseAnchor(at);
      return { kind: 'map', entries: this.#entries(node.items as MapItem[], at, depth + 1), at };
    }
    return this.#refuseAnchor(at);
  }

  #entries(items: readonly MapItem[], mapAt: Position, depth: number): readonly MapEntry[] {
    const entries: MapEntry[] = [];
    const lines = new Map<string, number>();
    for (const { key, value } of items) {
      const keyAt = key === null ? mapAt : this.#textAt(key);
      if (!isScalar(key) || key.value === null || typeof key.value === 'object') {
        this.#problems.add(keyAt, 'a key must be a text', 'put quotes around a text that begins with {{');
        continue;
      }
      const name = String(key.value);
      const line = lines.get(name);
      if (line !== undefined) {
        this.#problems.add(keyAt, `the key ${name} is there twice`, `it is in line ${line} already`);
        continue;
      }
      lines.set(name, keyAt.line);
      const read = this.read(value, key.range[2], depth);
      if (read) entries.push({ key: name, keyAt, value: read });
    }
    return entries;
  }

  #scalar(node: YamlScalar.Parsed, at: Position): SourceNode | undefined {
    const value = node.value;
    if (typeof value === 'number' && !(Number.isFinite(value) && (Number.isSafeInteger(value) || value % 1 !== 0))) {
      this.#problems.add(at, `${node.source} is not a number that can be kept exactly`, 'put quotes around it');
      return undefined;
    }
    if (value !== null && typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      this.#problems.add(at, 'this is neither a text, a number, true, false nor null', 'put quotes around it');
      return undefined;
    }
    return { kind: 'scalar', value, at, textAt: this.#textAt(node) };
  }

  #textAt(node: ParsedNode): Position {
    const { line, column } = this.#at(node.range[0]);
    const isQuoted = isScalar(node) && (node.type === YamlScalar.QUOTE_DOUBLE || node.type === YamlScalar.QUOTE_SINGLE);
    return { line, column: isQuoted ? column + 1 : column };
  }

  #refuseAnchor(at: Position): undefined {
    this.#problems.add(at, 'anchors (&), aliases (*) and tags (!) are not understood here', 'write the value itself');
    return undefined;
  }
}

interface MapItem {
  readonly key: ParsedNode | null;
  readonly value: ParsedNode | null;
}

/**
 * Where the text is nested too deep, before it is parsed: the parser calls itself for each level, and a stack that is nearly
 * used up can end the whole process. Levels of blocks are bounded by their indentation and by the dashes of a line.
 */
function findTooDeep(text: string): Position | undefined {
  let flow = 0;
  let inLine = 0;
  let line = 1;
  let column = 1;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    else if (flow === 0 && (token === '-' || token === '?' || token === ':')) inLine += 1;
    const indentation = column === 1 && token.trim() === '' ? token.length : 0;
    if (flow > depthMax || inLine > depthMax || indentation > indentationMax) return { line, column };
    const lines = token.split('\n');
    if (lines.length > 1) {
      line += lines.length - 1;
      column = 1;
      inLine = 0;
    }
    column += lines.at(-1)?.length ?? 0;
  }
  return undefined;
}

function hintFor(code: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'put quotes around a text that has a colon and a space in it';
    case 'MISSING_CHAR':
      return 'a quote or a bracket is not closed';
    case 'MULTIPLE_DOCS':
      return 'leave out the line ---';
    default:
      return '';
  }
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
