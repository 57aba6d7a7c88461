import type { Type } from '../bsatn/type.ts';
import type { Comparison } from './ast.ts';

/** A column of one of a query's relations, by position. */
export interface ColumnRef {
  readonly relation: number;
  readonly column: number;
}

/** A condition with names resolved, literals typed and every NOT pushed into its comparisons. */
export type Predicate =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Predicate[] }
  | LiteralComparison
  | ColumnComparison;

export interface LiteralComparison {
  readonly kind: 'literal';
  readonly column: ColumnRef;
  readonly op: Comparison;
  /** BSATN of the column's type. */
  readonly value: Uint8Array;
  readonly type: Type;
}

export interface ColumnComparison {
  readonly kind: 'columns';
  readonly left: ColumnRef;
  readonly op: Comparison;
  readonly right: ColumnRef;
  readonly type: Type;
}

export const always: Predicate = { kind: 'constant', value: true };
export const never: Predicate = { kind: 'constant', value: false };

export function and(terms: readonly Predicate[]): Predicate {
  return combine('and', terms);
}

export function or(terms: readonly Predicate[]): Predicate {
  return combine('or', terms);
}

/** Nested terms of the same kind are lifted, constants folded. */
function combine(kind: 'and' | 'or', terms: readonly Predicate[]): Predicate {
  const neutral = kind === 'and';
  const kept: Predicate[] = [];
  for (const term of terms) {
    if (term.kind === 'constant') {
      if (term.value !== neutral) return term;
    } else if (term.kind === kind) kept.push(...term.terms);
    else kept.push(term);
  }
  const [only] = kept;
  if (only === undefined) return neutral ? always : never;
  return kept.length === 1 ? only : { kind, terms: kept };
}

export function not(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? never : always;
    case 'and':
      return or(predicate.terms.map(not));
    case 'or':
      return and(predicate.terms.map(not));
    default:
      return { ...predicate, op: opposite[predicate.op] };
  }
}

const opposite: Record<Comparison, Comparison> = { '=': '<>', '<>': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>' };

/** The comparison with its sides exchanged. */
export const mirrored: Record<Comparison, Comparison> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};

/** The terms that must all hold. */
export function conjuncts(predicate: Predicate): readonly Predicate[] {
  if (predicate.kind === 'and') return predicate.terms;
  return predicate.kind === 'constant' && predicate.value ? [] : [predicate];
}

/** The same condition over relations at other positions. */
export function moved(predicate: Predicate, to: (relation: number) => number): Predicate {
  const move = ({ relation, column }: ColumnRef): ColumnRef => ({ relation: to(relation), column });
  switch (predicate.kind) {
    case 'constant':
      return predicate;
    case 'and':
    case 'or':
      return { kind: predicate.kind, terms: predicate.terms.map((term) => moved(term, to)) };
    case 'literal':
      return { ...predicate, column: move(predicate.column) };
    case 'columns':
      return { ...predicate, left: move(predicate.left), right: move(predicate.right) };
  }
}

/** The relations that a condition is about. */
export function relationsOf(predicate: Predicate, into: Set<number> = new Set()): Set<number> {
  switch (predicate.kind) {
    case 'constant':
      break;
    case 'and':
    case 'or':
      for (const term of predicate.terms) relationsOf(term, into);
      break;
    case 'literal':
      into.add(predicate.column.relation);
      break;
    case 'columns':
      into.add(predicate.left.relation).add(predicate.right.relation);
      break;
  }
  return into;
}

export function hasConstants(predicate: Predicate): boolean {
  if (predicate.kind === 'and' || predicate.kind === 'or') return predicate.terms.some(hasConstants);
  return predicate.kind === 'literal';
}

/** A text that is equal for equal conditions. */
export function fingerprint(predicate: Predicate): string {
  const ref = ({ relation, column }: ColumnRef): string => `${relation}.${column}`;
  switch (predicate.kind) {
    case 'constant':
      return String(predicate.value);
    case 'and':
    case 'or':
      return `${predicate.kind}(${predicate.terms.map(fingerprint).sort().join(',')})`;
    case 'literal':
      return `${ref(predicate.column)}${predicate.op}${hex(predicate.value)}`;
    case 'columns':
      return `${ref(predicate.left)}${predicate.op}${ref(predicate.right)}`;
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
