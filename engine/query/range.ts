import { assert } from '../errors.ts';
import type { Bound } from '../store/contract.ts';
import type { Interval } from './intervals.ts';
import type { LiteralComparison } from './predicate.ts';
import { type Compare, comparableKind, compareOf } from './value.ts';

/** The values that meet all the comparisons, which are about one column; empty when its lower end is above its upper. */
export function intervalOf(ranges: readonly LiteralComparison[]): Interval<Uint8Array> {
  const [first] = ranges;
  assert(first !== undefined, 'an interval is made of at least one comparison');
  const compare = compareOfRange(first);
  let lower: Bound = { kind: 'unbounded' };
  let upper: Bound = { kind: 'unbounded' };
  for (const { op, value } of ranges) {
    const bound: Bound = { kind: op === '>' || op === '<' ? 'excluded' : 'included', value };
    if (op !== '<' && op !== '<=' && isNarrower(bound, lower, compare)) lower = bound;
    if (op !== '>' && op !== '>=' && isNarrower(bound, upper, (a, i, b, j) => compare(b, j, a, i))) upper = bound;
  }
  return { lower, upper };
}

export function compareOfRange({ type }: LiteralComparison): Compare {
  const kind = comparableKind(type);
  assert(kind !== undefined, 'a comparison of values that have no order');
  return compareOf(kind);
}

/** @param compare is above 0 when the first of two bounds of the side is the narrower one */
function isNarrower(bound: Bound & { readonly value: Uint8Array }, than: Bound, compare: Compare): boolean {
  if (than.kind === 'unbounded') return true;
  const order = compare(bound.value, 0, than.value, 0);
  return order > 0 || (order === 0 && bound.kind === 'excluded');
}
