import { assert } from '../errors.ts';
import type { Branch } from './expand.ts';
import {
  type ColumnComparison,
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
  /** `column = constant` conditions, at most one a column: what plans of one template differ in. */
  readonly params: readonly LiteralComparison[];
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
    if (term.kind !== 'literal' || term.op !== '=' || isFloat(term.type)) {
      local[relation]?.push(term);
      continue;
    }
    const earlier = params.find(({ column }) => isSame(column, term.column));
    if (earlier === undefined) params.push(term);
    else if (hex(earlier.value) !== hex(term.value)) return undefined;
  }
  params.sort((a, b) => a.column.relation - b.column.relation || a.column.column - b.column.column);
  return { sources: branch.sources, output, params, local, edges, residual };
}

function isSame(a: LiteralComparison['column'], b: LiteralComparison['column']): boolean {
  return a.relation === b.relation && a.column === b.column;
}

/** A text that is equal for plans that differ at most in the constants of their params. */
export function templateKey({ sources, output, params, local, edges, residual }: Plan): string {
  const list = (predicates: readonly Predicate[]): string => predicates.map(fingerprint).sort().join('&');
  return [
    sources.map(({ id }) => id).join(),
    output,
    params.map(({ column: { relation, column } }) => `${relation}.${column}`).join(),
    local.map(list).join('|'),
    list(edges),
    list(residual),
  ].join(';');
}

/** As a Map key: the BSATN of the constants in the order of the params. */
export function paramsKey({ params }: Pick<Plan, 'params'>): string {
  return params.map(({ value }) => keyOf(value)).join('');
}
