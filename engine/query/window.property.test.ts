import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderByBytes } from './order.ts';
import { FirstRows, type VisitBag } from './window.ts';

const row = fc.nat(12).map((value) => Uint8Array.of(value));

test('[QW1] the first rows are those of the whole bag after every change', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 12 }),
      fc.nat(4),
      fc.nat(4),
      fc.array(
        fc.record({ inserts: fc.array(row, { maxLength: 4 }), deletes: fc.array(fc.nat(30), { maxLength: 6 }) }),
      ),
      (initial, limit, spareMin, changes) => {
        let bag = [...initial];
        let refills = 0;
        const visitAll: VisitBag = (visit) => {
          refills += 1;
          bag.forEach(visit);
        };
        const first = new FirstRows({ order: orderByBytes, limit }, visitAll, spareMin);
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

const numberOf = (row: Uint8Array | undefined) => row && new DataView(row.buffer, row.byteOffset).getUint32(0);

function rowOf(value: number): Uint8Array {
  const row = new Uint8Array(4);
  new DataView(row.buffer).setUint32(0, value);
  return row;
}

test('[QW3] taking the first row again and again reads a large bag seldom', () => {
  const count = 20_000;
  const values = Array.from({ length: count }, (_, i) => (i * 7919) % count);
  let taken = 0;
  let reads = 0;
  const visitAll: VisitBag = (visit) => {
    reads += 1;
    for (const value of values) if (value >= taken) visit(rowOf(value));
  };
  const first = new FirstRows({ order: orderByBytes, limit: 1 }, visitAll);
  const seen: unknown[] = [];
  while (taken < 1000) {
    seen.push(numberOf(first.rows[0]));
    taken += 1;
    first.apply({ inserts: [], deletes: [rowOf(taken - 1)] });
  }
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(reads).toBeLessThan(20);
});
