import { assert } from '../errors.ts';
import type { Branch } from './expand.ts';
import {
  type ColumnComparison,
  type ColumnRef,
  conjuncts,
  fingerprint,
  hasConstants,
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
  /** Of a single source with params or ranges, what else has constants: plans of one template differ in that, too. */
  readonly checks: readonly Predicate[];
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
  const { rest, checks } = splitChecks(branch.sources.length === 1 ? local[0] : undefined, params, ranges);
  return { sources: branch.sources, output, params, ranges, checks, local: rest ? [rest] : local, edges, residual };
}

/** Alternatives without a param stay with the template: they lead to it. */
function splitChecks(
  local: readonly Predicate[] | undefined,
  params: readonly LiteralComparison[],
  ranges: readonly LiteralComparison[],
): { readonly rest: readonly Predicate[] | undefined; readonly checks: readonly Predicate[] } {
  if (local === undefined || params.length + ranges.length === 0) return { rest: undefined, checks: [] };
  const isCheck = (term: Predicate): boolean => (params.length > 0 ? hasConstants(term) : term.kind === 'literal');
  return { rest: local.filter((term) => !isCheck(term)), checks: local.filter(isCheck) };
}

function isSame(a: ColumnRef, b: ColumnRef): boolean {
  return orderOfColumns(a, b) === 0;
}

function orderOfColumns(a: ColumnRef, b: ColumnRef): number {
  return a.relation - b.relation || a.column - b.column;
}

/** A text that is equal for plans that differ at most in constants: of their params, of ranges' bounds, and in checks. */
export function templateKey({ sources, output, params, ranges, checks, local, edges, residual }: Plan): string {
  const list = (predicates: readonly Predicate[]): string => predicates.map(fingerprint).sort().join('&');
  const columns = (terms: readonly LiteralComparison[]): string => {
    return [...new Set(terms.map(({ column: { relation, column } }) => `${relation}.${column}`))].join();
  };
  return [
    sources.map(({ id }) => id).join(),
    output,
    columns(params),
    columns(ranges),
    checks.length > 0,
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
  const others = [...plan.ranges, ...plan.checks];
  if (others.length === 0) return paramsKey(plan);
  return `${paramsKey(plan)}&${others.map(fingerprint).sort().join('&')}`;
}
