/** A place in a text, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a text, where, and what to do about it; `hint` is empty where there is nothing to advise. */
export interface Problem extends Position {
  readonly message: string;
  readonly hint: string;
}

export type Scalar = string | number | boolean | null;
export type Json = Scalar | readonly Json[] | { readonly [key: string]: Json };

/** A value as it was written, each part with its place, whatever notation it was written in. */
export type SourceNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: Scalar;
  readonly at: Position;
  /** Where the characters of a text begin, after its quote. */
  readonly textAt: Position;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
  readonly at: Position;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
  readonly at: Position;
}

export interface MapEntry {
  readonly key: string;
  /** Where its characters begin, after a quote. */
  readonly keyAt: Position;
  readonly value: SourceNode;
}

/** The value without its places. */
export function plainOf(node: SourceNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  // Unlike an assignment, this makes an own property of any key.
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]));
}

/** What a node is, in a word for messages. */
export function kindOf(node: SourceNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string')
    return node.value.length > 40 ? 'a text' : `the text ${JSON.stringify(node.value)}`;
  return String(node.value);
}

/** `line 3, column 5: what is wrong; what to do about it` */
export function problemText({ line, column, message, hint }: Problem): string {
  return `line ${line}, column ${column}: ${message}${hint === '' ? '' : `; ${hint}`}`;
}

const problemsMax = 20;

/** Collects what is wrong while a text is read; after the first 20 problems the rest is not told. */
export class Problems {
  readonly #list: Problem[] = [];

  add({ line, column }: Position, message: string, hint = ''): void {
    if (this.#list.length < problemsMax) this.#list.push({ message, line, column, hint });
  }

  /** In the order of the text. */
  get list(): readonly Problem[] {
    return this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  get none(): boolean {
    return this.#list.length === 0;
  }
}
