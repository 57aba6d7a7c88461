import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OrderedIndex } from './ordered-index.ts';

describe('ordered index', () => {
  test('[STORE1] blocks that split and empty keep every entry in order', () => {
    const run = fc.record({ from: fc.nat({ max: 900 }), count: fc.nat({ max: 400 }), isRemoval: fc.boolean() });
    fc.assert(
      fc.property(fc.nat({ max: 700 }), fc.array(run, { maxLength: 12 }), fc.nat({ max: 50 }), (built, runs, at) => {
        // Three handles share a key; they are added in an order of no pattern.
        const keyOf = (handle: number) => Math.floor(handle / 3);
        const present = new Set(Array.from({ length: built }, (_, i) => (i * 7) % 1300));
        const index = new OrderedIndex([...present], keyOf);
        for (const { from, count, isRemoval } of runs) {
          for (let i = 0; i < count; i++) {
            const handle = from + ((i * 37) % count);
            if (present.has(handle) !== isRemoval) continue;
            if (isRemoval) index.remove(keyOf(handle), handle);
            else index.add(keyOf(handle), handle);
            if (isRemoval) present.delete(handle);
            else present.add(handle);
          }
        }
        const sorted = [...present].sort((a, b) => a - b);
        const all = { lower: undefined, lowerInclusive: true, upper: undefined, upperInclusive: true };
        expect(index.collect(all)).toEqual(sorted);
        for (const isInclusive of [true, false]) {
          const range = { lower: at, lowerInclusive: isInclusive, upper: at * 5, upperInclusive: isInclusive };
          const isIn = (key: number) => (isInclusive ? key >= at && key <= at * 5 : key > at && key < at * 5);
          expect(index.collect(range)).toEqual(sorted.filter((handle) => isIn(keyOf(handle))));
        }
      }),
    );
  });
});
