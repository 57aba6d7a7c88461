import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutOf } from '../bsatn/layout.ts';
import { keyType, valuesOf } from '../bsatn/testing/arbitrary.ts';
import { encodeValue } from '../bsatn/value.ts';
import type { Bound } from '../store/contract.ts';
import { Store } from '../store/store.ts';
import type { RangeRead, ReadSet } from './contract.ts';
import { ReadIndex } from './read-index.ts';
import { catalogOf, testIndex, testModule, testTable } from './testing/database.ts';

const boundKind = fc.constantFrom('included' as const, 'excluded' as const, 'unbounded' as const);

/** A table with an index over two columns, some of its rows, and reads of keys and ranges made from such rows. */
const world = fc.tuple(keyType, keyType).chain(([first, second]) => {
  const def = testModule([
    testTable(
      't',
      [
        ['a', first],
        ['b', second],
        ['c', { kind: 'u8' }],
      ],
      { indexes: [testIndex('t', [1, 0]), testIndex('t', [1])] },
    ),
  ]);
  const catalog = catalogOf(def);
  const stored = catalog.tables[0]?.stored;
  if (stored === undefined) throw new Error('no table');
  const row = valuesOf(stored.row).map((value) => encodeValue(stored.row, value));
  return fc.record({
    catalog: fc.constant(catalog),
    stored: fc.constant(stored),
    rows: fc.array(row, { minLength: 1, maxLength: 8 }),
    reads: fc.array(
      fc.record({
        kind: fc.constantFrom('point' as const, 'single' as const, 'prefix' as const),
        low: fc.nat(7),
        high: fc.nat(7),
        start: boundKind,
        end: boundKind,
      }),
      { maxLength: 8 },
    ),
    removed: fc.array(fc.nat(7), { maxLength: 3 }),
  });
});

test('[QV10] a change concerns exactly those who read a key or a range that a changed row is in', () => {
  fc.assert(
    fc.property(world, ({ catalog, stored, rows, reads, removed }) => {
      const layout = layoutOf(stored.row);
      const [pair, single] = stored.indexes;
      if (pair === undefined || single === undefined) throw new Error('no indexes');
      const columnOf = (at: number, column: number): Uint8Array => {
        const row = rows[at % rows.length] as Uint8Array;
        const start = layout.columnStart(row, 0, column);
        return row.slice(start, layout.columnEnd(row, start, column));
      };
      const boundOf = (kind: Bound['kind'], value: Uint8Array): Bound =>
        kind === 'unbounded' ? { kind } : { kind, value };
      const sets = reads.map(({ kind, low, high, start, end }): ReadSet => {
        const set = { tables: new Set<never>(), points: [], ranges: [] };
        const table = stored.id;
        if (kind === 'point') {
          const key = Buffer.concat([columnOf(low, 1), columnOf(low, 0)]);
          return { ...set, points: [{ table, index: pair.id, key }] };
        }
        const column = kind === 'single' ? 1 : 0;
        const prefix = kind === 'single' ? new Uint8Array(0) : columnOf(low, 1);
        const range: RangeRead = {
          table,
          index: kind === 'single' ? single.id : pair.id,
          prefix,
          prefixColumns: kind === 'single' ? 0 : 1,
          start: boundOf(start, columnOf(low, column)),
          end: boundOf(end, columnOf(high, column)),
        };
        return { ...set, ranges: [range] };
      });
      const index = new ReadIndex<number>(catalog);
      for (const [reader, set] of sets.entries()) index.add(reader, set);
      for (const reader of removed) if (sets[reader]) index.remove(reader, sets[reader]);
      for (const row of rows) {
        const store = new Store();
        store.createTable(stored);
        const transaction = store.begin();
        transaction.insert(stored.id, row);
        transaction.commit();
        const table = store.table(stored.id);
        const expected = sets.flatMap(({ points, ranges }, reader) => {
          if (removed.includes(reader)) return [];
          const found = [
            ...points.flatMap(({ index, key }) => table.point(index, key)),
            ...ranges.flatMap((read) => table.range(read.index, read.prefix, read.prefixColumns, read.start, read.end)),
          ];
          return found.length > 0 ? [reader] : [];
        });
        for (const [inserts, deletes] of [
          [[row], []],
          [[], [row]],
        ]) {
          const hit = index.hit([{ table: stored.id, inserts: inserts ?? [], deletes: deletes ?? [] }]);
          expect([...hit].sort()).toEqual(expected);
        }
      }
    }),
    { numRuns: 80 },
  );
});
