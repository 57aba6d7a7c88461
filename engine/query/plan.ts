import { assert } from '../errors.ts';
import type { Branch } from './expand.ts';
import {
  type ColumnComparison,
  type ColumnRef,
  conjuncts,
  fingerprint,
  hex,
  type LiteralComparison,
  type Predicate,
  relationsOf,
} from './predicate.ts';
import type { Source } from './source.ts';
import { isFloat, keyOf } from './value.ts';

/** A branch with its conditions sorted by what they are good for. */
export interface Plan {
  readonly sources: readonly Source[];
  /** The source whose rows it returns. */
  readonly output: number;
  /** `column = constant` conditions, at most one a column. Plans of one template differ in the constants only. */
  readonly params: readonly LiteralComparison[];
  /** Comparisons with constants by order, and of floats also by equality: plans of one template differ in them too. */
  readonly ranges: readonly LiteralComparison[];
  /** Of each source the other conditions about it alone. */
  readonly local: readonly (readonly Predicate[])[];
  /** Equalities between columns of different sources. */
  readonly edges: readonly ColumnComparison[];
  /** All other conditions about several sources. */
  readonly residual: readonly Predicate[];
}

/** @returns undefined when no row can match */
export function planOf(branch: Branch, output: number): Plan | undefined {
  const params: LiteralComparison[] = [];
  const ranges: LiteralComparison[] = [];
  const local = branch.sources.map((): Predicate[] => []);
  const edges: ColumnComparison[] = [];
  const residual: Predicate[] = [];
  for (const term of conjuncts(branch.where)) {
    if (term.kind === 'constant') return undefined;
    const [relation, other] = relationsOf(term);
    assert(relation !== undefined, 'a condition about no relation is constant');
    if (other !== undefined) {
      if (term.kind === 'columns' && term.op === '=' && !isFloat(term.type)) edges.push(term);
      else residual.push(term);
      continue;
    }
    if (term.kind !== 'literal' || term.op === '<>') {
      local[relation]?.push(term);
      continue;
    }
    if (term.op !== '=' || isFloat(term.type)) {
      ranges.push(term);
      continue;
    }
    const earlier = params.find(({ column }) => isSame(column, term.column));
    if (earlier === undefined) params.push(term);
    else if (hex(earlier.value) !== hex(term.value)) return undefined;
  }
  params.sort((a, b) => orderOfColumns(a.column, b.column));
  ranges.sort((a, b) => orderOfColumns(a.column, b.column));
  return { sources: branch.sources, output, params, ranges, local, edges, residual };
}

function isSame(a: ColumnRef, b: ColumnRef): boolean {
  return orderOfColumns(a, b) === 0;
}

function orderOfColumns(a: ColumnRef, b: ColumnRef): number {
  return a.relation - b.relation || a.column - b.column;
}

/** A text that is equal for plans that differ at most in the constants of their params and in their ranges' bounds. */
export function templateKey({ sources, output, params, ranges, local, edges, residual }: Plan): string {
  const list = (predicates: readonly Predicate[]): string => predicates.map(fingerprint).sort().join('&');
  const columns = (terms: readonly LiteralComparison[]): string => {
    return [...new Set(terms.map(({ column: { relation, column } }) => `${relation}.${column}`))].join();
  };
  return [
    sources.map(({ id }) => id).join(),
    output,
    columns(params),
    columns(ranges),
    local.map(list).join('|'),
    list(edges),
    list(residual),
  ].join(';');
}

/** As a Map key: the BSATN of the constants in the order of the params. */
export function paramsKey({ params }: Pick<Plan, 'params'>): string {
  return params.map(({ value }) => keyOf(value)).join('');
}

/** As a Map key: all that plans of one template differ in. */
export function constantsKey(plan: Plan): string {
  if (plan.ranges.length === 0) return paramsKey(plan);
  return `${paramsKey(plan)}&${plan.ranges.map(fingerprint).sort().join('&')}`;
}
