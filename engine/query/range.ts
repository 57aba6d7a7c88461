import { assert } from '../errors.ts';
import type { Bound } from '../store/contract.ts';
import type { Interval } from './intervals.ts';
import type { LiteralComparison } from './predicate.ts';
import { comparatorOf } from './value.ts';

/** The values that meet all the comparisons, which are about one column; empty when its lower end is above its upper. */
export function intervalOf(ranges: readonly LiteralComparison[]): Interval<Uint8Array> {
  const [first] = ranges;
  assert(first !== undefined, 'an interval is made of at least one comparison');
  const compare = comparatorOf(first.type);
  let lower: Bound = { kind: 'unbounded' };
  let upper: Bound = { kind: 'unbounded' };
  for (const { op, value } of ranges) {
    const bound: Bound = { kind: op === '>' || op === '<' ? 'excluded' : 'included', value };
    if (op !== '<' && op !== '<=' && isNarrower(bound, lower, compare)) lower = bound;
    if (op !== '>' && op !== '>=' && isNarrower(bound, upper, (a, b) => compare(b, a))) upper = bound;
  }
  return { lower, upper };
}

/** @param compare is above 0 when the first of two bounds of the side is the narrower one */
function isNarrower(
  bound: Bound & { readonly value: Uint8Array },
  than: Bound,
  compare: (a: Uint8Array, b: Uint8Array) => number,
): boolean {
  if (than.kind === 'unbounded') return true;
  const order = compare(bound.value, than.value);
  return order > 0 || (order === 0 && bound.kind === 'excluded');
}
