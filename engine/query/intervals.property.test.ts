import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type End, type Interval, Intervals } from './intervals.ts';

const end: fc.Arbitrary<End<number>> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'unbounded' as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('included', 'excluded'), value: fc.nat(9) }) },
);
const interval = fc.record({ lower: end, upper: end });
const action = fc.record({ interval, item: fc.nat(3), isRemoval: fc.boolean() });

function holds({ lower, upper }: Interval<number>, point: number): boolean {
  const isAbove =
    lower.kind === 'unbounded' || (lower.kind === 'included' ? point >= lower.value : point > lower.value);
  return (
    isAbove && (upper.kind === 'unbounded' || (upper.kind === 'included' ? point <= upper.value : point < upper.value))
  );
}

test('[QI1] a point finds exactly what was added with an interval that holds it', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const intervals = new Intervals<number, string>((a, b) => a - b);
      const kept = new Map<string, Interval<number>>();
      for (const { interval, item, isRemoval } of actions) {
        const name = `${JSON.stringify(interval)} ${item}`;
        if (isRemoval) {
          intervals.remove(interval, name);
          kept.delete(name);
        } else {
          intervals.add(interval, name);
          kept.set(name, interval);
        }
        expect(intervals.isEmpty).toBe(kept.size === 0);
      }
      for (let point = -1; point <= 10; point++) {
        const found: string[] = [];
        intervals.at(point, (name) => found.push(name) > 0);
        const expected = [...kept].flatMap(([name, interval]) => (holds(interval, point) ? [name] : []));
        expect(found.sort()).toEqual(expected.sort());
      }
    }),
    { numRuns: 500 },
  );
});

test('[QI2] a point meets those that hold it, not all that there are', () => {
  let comparisons = 0;
  const intervals = new Intervals<number, number>((a, b) => {
    comparisons += 1;
    return a - b;
  });
  for (let i = 0; i < 20_000; i++) {
    const lower = (i * 7919) % 20_000;
    intervals.add({ lower: { kind: 'included', value: lower }, upper: { kind: 'excluded', value: lower + 1 } }, lower);
  }
  comparisons = 0;
  for (const point of [0, 10_000, 19_999]) {
    const found: number[] = [];
    intervals.at(point, (item) => found.push(item) > 0);
    expect(found).toEqual([point]);
  }
  expect(comparisons).toBeLessThan(3000);
});
