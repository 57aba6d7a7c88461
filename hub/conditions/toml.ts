import { parse, TomlDate, TomlError, type TomlValue } from 'smol-toml';
import { type Source, sourceCharsMax } from './notation.ts';
import { type MapEntry, type Position, Problems, type SourceNode } from './source.ts';

const depthMax = 32;

/** Reads TOML: at most 65,536 characters and 32 levels. Dates become texts. */
export function readToml(text: string): Source {
  const problems = new Problems();
  const refuse = (at: Position, message: string): Source => {
    problems.add(at, message);
    return { ok: false, problems: problems.list };
  };
  const start = { line: 1, column: 1 };
  if (text.length > sourceCharsMax) {
    return refuse(start, `the text has ${text.length} characters, at most ${sourceCharsMax} are allowed`);
  }
  try {
    const value = parse(text, { maxDepth: depthMax });
    return { ok: true, node: nodeOf(value, [], placesIn(text), start) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n', 1);
    return refuse({ line: error.line, column: error.column }, first);
  }
}

interface Place {
  /** Of the key; of an item of a list, the item's own. */
  readonly keyAt: Position;
  readonly at: Position;
  readonly isQuoted: boolean;
}

type Places = ReadonlyMap<string, Place>;
type Path = readonly (string | number)[];

function nodeOf(value: TomlValue, path: Path, places: Places, outer: Position): SourceNode {
  const place = places.get(JSON.stringify(path));
  const at = place?.at ?? outer;
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item, index) => nodeOf(item, [...path, index], places, at)), at };
  }
  if (value instanceof TomlDate) return { kind: 'scalar', value: value.toISOString(), at, textAt: at };
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, inner]): MapEntry => {
      const own = [...path, key];
      const keyAt = places.get(JSON.stringify(own))?.keyAt ?? at;
      return { key, keyAt, value: nodeOf(inner, own, places, keyAt) };
    });
    return { kind: 'map', entries, at };
  }
  const plain = typeof value === 'bigint' ? Number(value) : value;
  const textAt = place?.isQuoted ? { line: at.line, column: at.column + 1 } : at;
  return { kind: 'scalar', value: plain, at, textAt };
}

/** Where each value of a text that is TOML stands, by its path as JSON. The parser does not tell. */
function placesIn(text: string): Places {
  return new PlaceFinder(text).find();
}

class PlaceFinder {
  readonly #text: string;
  readonly #places = new Map<string, Place>();
  /** How many items each list of tables has so far. */
  readonly #counts = new Map<string, number>();
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(): Places {
    let table: Path = [];
    for (this.#skip(true); this.#at < this.#text.length; this.#skip(true)) {
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#pair(table);
    }
    return this.#places;
  }

  /** `[a.b]` or `[[a.b]]`: the path that the pairs after it belong to. */
  #header(): Path {
    const keyAt = this.#here();
    const isList = this.#text.startsWith('[[', this.#at);
    this.#move(isList ? 2 : 1);
    const keys = this.#keys();
    this.#move(isList ? 2 : 1);
    let path: Path = [];
    for (const [index, key] of keys.entries()) {
      path = [...path, key];
      const name = JSON.stringify(path);
      const isLast = index === keys.length - 1;
      this.#note(path, keyAt, keyAt, false);
      if (isLast && isList) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      const count = this.#counts.get(name);
      if (count !== undefined) path = [...path, count - 1];
    }
    this.#note(path, keyAt, keyAt, false);
    return path;
  }

  #pair(table: Path): void {
    this.#skip(false);
    const keyAt = this.#here();
    const keys = this.#keys();
    this.#move(1);
    this.#skip(false);
    let path = table;
    for (const key of keys.slice(0, -1)) {
      path = [...path, key];
      this.#note(path, keyAt, keyAt, false);
    }
    this.#value([...path, keys.at(-1) ?? ''], keyAt);
  }

  #value(path: Path, keyAt: Position): void {
    const at = this.#here();
    const first = this.#text[this.#at] ?? '';
    this.#note(path, keyAt, at, first === '"' || first === "'");
    if (first === '[') this.#items(path);
    else if (first === '{') this.#members(path);
    else if (first === '"' || first === "'") this.#string();
    else while (this.#at < this.#text.length && !/[,\]}#\n\r]/.test(this.#text[this.#at] ?? '')) this.#move(1);
  }

  #items(path: Path): void {
    this.#move(1);
    for (let index = 0; ; index++) {
      this.#skip(true);
      if (this.#text[this.#at] === ']') break;
      this.#value([...path, index], this.#here());
      this.#skip(true);
      if (this.#text[this.#at] === ',') this.#move(1);
    }
    this.#move(1);
  }

  #members(path: Path): void {
    this.#move(1);
    for (;;) {
      this.#skip(true);
      if (this.#text[this.#at] === '}') break;
      this.#pair(path);
      this.#skip(true);
      if (this.#text[this.#at] === ',') this.#move(1);
    }
    this.#move(1);
  }

  /** The keys of a header or a pair, as far as the sign that ends them. */
  #keys(): string[] {
    const keys: string[] = [];
    for (;;) {
      this.#skip(false);
      const first = this.#text[this.#at] ?? '';
      const from = this.#at;
      if (first === '"' || first === "'") {
        this.#string();
        const written = this.#text.slice(from, this.#at);
        keys.push(Object.keys(parse(`${written} = 1`))[0] ?? '');
      } else {
        while (/[A-Za-z0-9_-]/.test(this.#text[this.#at] ?? '')) this.#move(1);
        keys.push(this.#text.slice(from, this.#at));
      }
      this.#skip(false);
      if (this.#text[this.#at] !== '.') return keys;
      this.#move(1);
    }
  }

  #string(): void {
    const sign = this.#text[this.#at] ?? '';
    const quote = this.#text.startsWith(sign.repeat(3), this.#at) ? sign.repeat(3) : sign;
    this.#move(quote.length);
    while (this.#at < this.#text.length && !this.#text.startsWith(quote, this.#at)) {
      this.#move(sign === '"' && this.#text[this.#at] === '\\' ? 2 : 1);
    }
    this.#move(quote.length);
    // A text of several lines may end with quotes of its own.
    while (quote.length === 3 && this.#text[this.#at] === sign) this.#move(1);
  }

  /** Goes over space and comments, and over the ends of lines if so. */
  #skip(overLines: boolean): void {
    for (;;) {
      const sign = this.#text[this.#at];
      if (sign === '#') while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#move(1);
      else if (sign === ' ' || sign === '\t' || (overLines && (sign === '\n' || sign === '\r'))) this.#move(1);
      else return;
    }
  }

  #move(count: number): void {
    for (let left = count; left > 0 && this.#at < this.#text.length; left--) {
      if (this.#text[this.#at] === '\n') {
        this.#line += 1;
        this.#lineStart = this.#at + 1;
      }
      this.#at += 1;
    }
  }

  #here(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #note(path: Path, keyAt: Position, at: Position, isQuoted: boolean): void {
    const name = JSON.stringify(path);
    if (!this.#places.has(name)) this.#places.set(name, { keyAt, at, isQuoted });
  }
}
