import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeValue } from '../bsatn/value.ts';
import type { Bound, TableChange, TableReader, Transaction } from './contract.ts';
import type { IndexDef, TableDef, TableId } from './definition.ts';
import { StoreRejection } from './rejection.ts';
import { Store } from './store.ts';
import { tableAndRows } from './testing/arbitrary.ts';
import { type Edge, hexOf, Model, Refusal, type Row } from './testing/model.ts';

const edgeKind = fc.constantFrom('included' as const, 'excluded' as const, 'unbounded' as const);
const step = fc.record({
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant('insert' as const) },
    { weight: 5, arbitrary: fc.constant('update' as const) },
    { weight: 3, arbitrary: fc.constantFrom('deleteEqual' as const, 'deletePoint' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
    { weight: 2, arbitrary: fc.constantFrom('commit' as const, 'rollback' as const) },
  ),
  row: fc.nat(),
  index: fc.nat(),
  look: fc.record({ row: fc.nat(), other: fc.nat(), prefixColumns: fc.nat(), start: edgeKind, end: edgeKind }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function pick<T>(list: readonly T[], n: number): T {
  return list[n % list.length] as T;
}

function outcome(act: () => unknown): unknown {
  try {
    const result = act();
    return result instanceof Uint8Array ? Buffer.from(result).toString('hex') : result;
  } catch (error) {
    if (error instanceof StoreRejection || error instanceof Refusal) return { refused: error.code };
    throw error;
  }
}

class Run {
  readonly store = new Store();
  readonly model: Model;
  readonly table: TableReader;
  readonly history: TableChange[][] = [];
  tx: Transaction;
  readonly def: TableDef;
  readonly rows: readonly Row[];

  constructor(def: TableDef, rows: readonly Row[]) {
    this.def = def;
    this.rows = rows;
    this.model = new Model(def);
    this.store.createTable(def);
    this.table = this.store.table(def.id);
    this.tx = this.store.begin();
  }

  step({ act, row: rowNumber, index: indexNumber, look }: Step): void {
    const { def, model, table } = this;
    const row = pick(this.rows, rowNumber);
    const bytes = encodeValue(def.row, row);
    const index = def.indexes.length === 0 ? undefined : pick(def.indexes, indexNumber);
    switch (act) {
      case 'insert':
        expect(outcome(() => this.tx.insert(def.id, bytes))).toEqual(outcome(() => model.insert(row)));
        break;
      case 'update':
        if (index === undefined) break;
        expect(outcome(() => this.tx.update(def.id, index.id, bytes))).toEqual(outcome(() => model.update(index, row)));
        break;
      case 'deleteEqual':
        expect(this.tx.deleteEqual(def.id, bytes)).toBe(model.deleteEqual(row));
        break;
      case 'deletePoint': {
        if (index === undefined) break;
        const found = table.point(index.id, model.key(index, row));
        expect(this.tx.delete(def.id, found)).toBe(model.deletePoint(index, row));
        expect(this.tx.delete(def.id, found)).toBe(0);
        break;
      }
      case 'clear':
        expect(this.tx.clear(def.id)).toBe(model.rows.length);
        model.rows = [];
        break;
      case 'commit': {
        expect(hexOf(this.tx.changes()[0])).toEqual(model.change());
        const changes = this.tx.commit();
        expect(hexOf(changes[0])).toEqual(model.change());
        this.history.push(changes.map(({ table, inserts, deletes }) => structuredClone({ table, inserts, deletes })));
        model.committed = model.rows;
        this.check(look);
        this.tx = this.store.begin();
        break;
      }
      case 'rollback':
        this.tx.rollback();
        model.rows = model.committed;
        this.check(look);
        this.tx = this.store.begin();
        break;
    }
    this.check(look);
  }

  check(look: Step['look']): void {
    const { def, model, table } = this;
    expect(table.rowCount).toBe(model.rows.length);
    const scanned = table.scan().map((handle) => this.hexAt(handle));
    const own = model.rows.filter((row) => !model.isCommitted(row)).map((row) => model.hex(row));
    const others = model.rows.filter((row) => model.isCommitted(row)).map((row) => model.hex(row));
    expect(scanned.slice(0, own.length).sort()).toEqual(own.sort());
    expect(scanned.slice(own.length).sort()).toEqual(others.sort());
    for (const index of def.indexes) this.checkIndex(index, look);
  }

  checkIndex(index: IndexDef, look: Step['look']): void {
    const { model, table } = this;
    const [row, other] = [pick(this.rows, look.row), pick(this.rows, look.other)];
    const key = model.key(index, row);
    const point = table.point(index.id, key).map((handle) => this.hexAt(handle));
    expect([...point].sort()).toEqual(model.point(index, row).sort());
    if (index.isUnique) {
      const one = table.pointOne(index.id, key);
      expect(one < 0 ? [] : [this.hexAt(one)]).toEqual(point);
    }
    const prefixColumns = look.prefixColumns % index.columns.length;
    const [start, end]: Edge[] = [
      { kind: look.start, row },
      { kind: look.end, row: other },
    ] as const as [Edge, Edge];
    const prefix = this.prefix(index, row, prefixColumns);
    const bounds = [start, end].map((edge) => model.bound(index, prefixColumns, edge as Edge)) as [Bound, Bound];
    const ask = () => table.range(index.id, prefix, prefixColumns, ...bounds);
    if (index.algorithm === 'hash') {
      expect(outcome(ask)).toEqual({ refused: 'range-on-hash' });
      return;
    }
    const expected = model.range(index, row, prefixColumns, start as Edge, end as Edge);
    const found = ask().map((handle) => this.hexAt(handle));
    expect([...found].sort()).toEqual(expected.map((r) => model.hex(r)).sort());
    const rank = new Map(expected.map((r) => [model.hex(r), r]));
    const rows = found.map((hex) => rank.get(hex) as Row);
    for (const [i, next] of rows.entries()) {
      const previous = rows[i - 1];
      if (previous === undefined) continue;
      if (model.isCommitted(previous) === model.isCommitted(next)) {
        expect(model.compare(index, previous, next)).toBeLessThanOrEqual(0);
      } else {
        expect(model.isCommitted(next)).toBe(true);
      }
    }
  }

  prefix(index: IndexDef, row: Row, prefixColumns: number): Uint8Array {
    return this.model.key({ ...index, columns: index.columns.slice(0, prefixColumns) }, row);
  }

  hexAt(handle: number): string {
    const bytes = Buffer.from(this.table.row(handle));
    const copy = Buffer.alloc(bytes.length + 2);
    expect(this.table.copyRow(handle, copy, 1)).toBe(bytes.length);
    expect(copy.subarray(1, bytes.length + 1)).toEqual(bytes);
    expect(this.table.rowLength(handle)).toBe(bytes.length);
    return bytes.toString('hex');
  }
}

describe('store', () => {
  test('[STORE1] any mix of writes, commits and rollbacks does what a list of rows would do', () => {
    fc.assert(
      fc.property(tableAndRows, fc.array(step, { maxLength: 40 }), ({ def, rows }, steps) => {
        const run = new Run(def, rows);
        for (const each of steps) run.step(each);
      }),
      { numRuns: 300 },
    );
  });

  test('[STORE2] the changes of all commits, applied to an empty store, give the same rows', () => {
    fc.assert(
      fc.property(tableAndRows, fc.array(step, { maxLength: 30 }), ({ def, rows }, steps) => {
        const run = new Run(def, rows);
        for (const each of steps) run.step(each);
        run.step({
          ...(steps[0] ?? {
            row: 0,
            index: 0,
            look: { row: 0, other: 0, prefixColumns: 0, start: 'unbounded', end: 'unbounded' },
          }),
          act: 'rollback',
        });
        const replayed = new Store();
        replayed.createTable(def);
        for (const changes of run.history) replayed.apply(changes);
        const rowsOf = (store: Store) => {
          const table = store.table(1 as TableId);
          return table
            .scan()
            .map((handle) => Buffer.from(table.row(handle)).toString('hex'))
            .sort();
        };
        run.tx.rollback();
        expect(rowsOf(replayed)).toEqual(rowsOf(run.store));
        for (const index of def.indexes) {
          for (const row of rows) {
            const points = (store: Store) => store.table(def.id).point(index.id, run.model.key(index, row)).length;
            expect(points(replayed)).toBe(points(run.store));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
