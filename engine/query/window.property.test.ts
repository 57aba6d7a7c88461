import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderByBytes } from './order.ts';
import { FirstRows } from './window.ts';

const row = fc.nat(12).map((value) => Uint8Array.of(value));

test('[QW1] the first rows are those of the whole bag after every change', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 12 }),
      fc.nat(4),
      fc.array(
        fc.record({ inserts: fc.array(row, { maxLength: 4 }), deletes: fc.array(fc.nat(30), { maxLength: 6 }) }),
      ),
      (initial, limit, changes) => {
        let bag = [...initial];
        let refills = 0;
        const first = new FirstRows({ order: orderByBytes, limit }, () => {
          refills += 1;
          return bag;
        });
        let seen = first.rows.map(([value]) => value);
        const naive = () => [...new Set(bag.map(([value]) => value as number))].sort((a, b) => a - b).slice(0, limit);
        expect(seen).toEqual(naive());
        for (const { inserts, deletes: positions } of changes) {
          const gone = new Set(positions.filter((position) => position < bag.length));
          const deletes = bag.filter((_, i) => gone.has(i));
          bag = [...bag.filter((_, i) => !gone.has(i)), ...inserts];
          const change = first.apply({ inserts, deletes });
          const removed = new Set(change.deletes.map(([value]) => value));
          seen = [...seen.filter((value) => !removed.has(value)), ...change.inserts.map(([value]) => value)];
          expect(seen.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(naive());
          expect(first.rows.map(([value]) => value)).toEqual(naive());
        }
        expect(refills).toBeLessThanOrEqual(1 + changes.length);
      },
    ),
    { numRuns: 500 },
  );
});
