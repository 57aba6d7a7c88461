import type { Interval } from './intervals.ts';
import { conjuncts, type LiteralComparison, type Predicate } from './predicate.ts';
import { intervalOf } from './range.ts';
import { isFloat, keyOf } from './value.ts';

/** What one column of a row must hold for one alternative of a condition. */
export type Need =
  | { readonly kind: 'value'; readonly column: number; readonly key: string }
  | { readonly kind: 'interval'; readonly column: number; readonly interval: Interval<Uint8Array> };

/**
 * Needs of which each row that meets all the conditions about it meets at least one, as in `id = 1 OR id = 2` and
 * `status = 'open' OR priority > 5`; undefined when there is no such set.
 */
export function needsIn(conditions: readonly Predicate[]): readonly Need[] | undefined {
  for (const condition of conditions) {
    if (condition.kind !== 'or') continue;
    const needs = condition.terms.map(needIn);
    if (needs.every((need) => need !== undefined)) return needs;
  }
  return undefined;
}

function needIn(alternative: Predicate): Need | undefined {
  const comparisons = conjuncts(alternative).filter((term) => term.kind === 'literal' && term.op !== '<>');
  const literals = comparisons as readonly LiteralComparison[];
  const equality = literals.find(({ op, type }) => op === '=' && !isFloat(type));
  if (equality) return { kind: 'value', column: equality.column.column, key: keyOf(equality.value) };
  const [first] = literals;
  if (first === undefined) return undefined;
  const { column } = first.column;
  const interval = intervalOf(literals.filter((literal) => literal.column.column === column));
  return { kind: 'interval', column, interval };
}
