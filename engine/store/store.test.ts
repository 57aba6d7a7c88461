import { describe, expect, test } from 'vitest';
import type { ProductType, ScalarKind } from '../bsatn/type.ts';
import { decodeValue, encodeValue, type Value } from '../bsatn/value.ts';
import type { IndexDef, IndexId, SequenceDef, TableDef, TableId } from './definition.ts';
import { Store } from './store.ts';
import { tableDef } from './testing/arbitrary.ts';

const things = 1 as TableId;
const first = 1 as IndexId;
const second = 2 as IndexId;
const unique = (column: number): Omit<IndexDef, 'id' | 'name'> => ({
  algorithm: 'btree',
  columns: [column],
  isUnique: true,
});
const shared = (column: number): Omit<IndexDef, 'id' | 'name'> => ({
  algorithm: 'btree',
  columns: [column],
  isUnique: false,
});
const columns = (...kinds: ScalarKind[]) => kinds.map((kind) => ({ kind }));
const counting = (column: number, more: Partial<SequenceDef> = {}): SequenceDef => ({
  column,
  start: 1n,
  min: 1n,
  max: 2n ** 64n - 1n,
  increment: 1n,
  ...more,
});

/** An id from a sequence, and a name. */
const people = tableDef(columns('u64', 'string'), [unique(0), shared(1)], [counting(0)]);

function storeOf(def: TableDef): Store {
  const store = new Store();
  store.createTable(def);
  return store;
}

function rowsOf(store: Store, def: TableDef = people): Value[] {
  const table = store.table(def.id);
  return table.scan().map((handle) => decodeValue(table.def.row, table.row(handle)));
}

function bytes(def: { readonly row: ProductType }, ...row: Value[]): Uint8Array {
  return encodeValue(def.row, row);
}

function insert(store: Store, def: TableDef, ...rows: Value[][]): void {
  const tx = store.begin();
  for (const row of rows) tx.insert(def.id, bytes(def, ...row));
  tx.commit();
}

describe('store', () => {
  test('[STORE3] a row that does not decode is refused with its reason, and nothing changes', () => {
    const store = storeOf(people);
    const tx = store.begin();
    const row = bytes(people, 1n, 'Ann');
    expect(() => tx.insert(things, row.subarray(1))).toThrow('the table things: ');
    expect(() => tx.insert(things, Buffer.concat([row, row]))).toThrow('left over');
    expect(() => tx.insert(things, Buffer.from([...row.slice(0, -1), 0xff]))).toThrow('not UTF-8');
    expect(() => tx.update(things, first, row.subarray(1))).toThrow(expect.objectContaining({ code: 'decode' }));
    expect(() => store.table(things).point(first, new Uint8Array(7))).toThrow(
      expect.objectContaining({ code: 'decode' }),
    );
    expect(() => store.table(things).point(9 as IndexId, row)).toThrow(
      expect.objectContaining({ code: 'no-such-index' }),
    );
    expect(() => tx.insert(9 as TableId, row)).toThrow(expect.objectContaining({ code: 'no-such-table' }));
    expect(tx.commit()).toEqual([]);
  });

  test('[STORE4] a sequence fills a column that is 0, says which values it gave, and keeps counting after a rollback', () => {
    const store = storeOf(people);
    const aborted = store.begin();
    expect([...aborted.insert(things, bytes(people, 0n, 'Ann'))]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    expect([...aborted.insert(things, bytes(people, 7n, 'Bob'))]).toEqual([]);
    aborted.rollback();
    insert(store, people, [0n, 'Cid'], [0n, 'Dan']);
    expect(rowsOf(store)).toEqual([
      [2n, 'Cid'],
      [3n, 'Dan'],
    ]);
  });

  test('[STORE4] a sequence wraps at its end, up or down, and beyond 2^53', () => {
    const values = (more: Partial<SequenceDef>, kind: ScalarKind, count: number) => {
      const def = tableDef(columns(kind, 'u8'), [], [counting(0, more)]);
      const store = storeOf(def);
      insert(store, def, ...Array.from({ length: count }, (_, i) => [kind === 'u8' || kind === 'i8' ? 0 : 0n, i]));
      return rowsOf(store, def).map((row) => (row as Value[])[0]);
    };
    expect(values({ start: 3n, max: 4n }, 'u8', 4)).toEqual([3, 4, 1, 2]);
    expect(values({ start: -1n, min: -2n, max: 2n, increment: -1n }, 'i8', 5)).toEqual([-1, -2, 2, 1, 0]);
    expect(values({ start: 2n ** 53n - 2n }, 'u64', 4)).toEqual([
      2n ** 53n - 2n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 53n + 1n,
    ]);
    expect(values({ start: 2n ** 64n - 1n }, 'u64', 2)).toEqual([2n ** 64n - 1n, 1n]);
    expect(values({ start: 2n ** 100n, max: 2n ** 128n - 1n, increment: 5n }, 'u128', 2)).toEqual([
      2n ** 100n,
      2n ** 100n + 5n,
    ]);
  });

  test('[STORE5] applying commits moves sequences past the values in them, even of rows that are gone', () => {
    const store = storeOf(people);
    store.apply([{ table: things, inserts: [bytes(people, 5n, 'Ann'), bytes(people, 9n, 'Bob')], deletes: [] }]);
    store.apply([{ table: things, inserts: [], deletes: [bytes(people, 9n, 'Bob')] }]);
    insert(store, people, [0n, 'Cid']);
    expect(rowsOf(store)).toEqual([
      [5n, 'Ann'],
      [10n, 'Cid'],
    ]);
    expect(() => store.apply([{ table: things, inserts: [bytes(people, 5n, 'Ann')], deletes: [] }])).toThrow(
      'stored already',
    );
    expect(() => store.apply([{ table: things, inserts: [], deletes: [bytes(people, 6n, 'Eve')] }])).toThrow(
      'not stored',
    );
  });

  test('[STORE5] positions of sequences can be kept and restored', () => {
    const store = storeOf(people);
    insert(store, people, [0n, 'Ann'], [0n, 'Bob']);
    const copy = storeOf(people);
    copy.restoreSequences([...store.sequencePositions(), { table: 8 as TableId, column: 0, next: 1n }]);
    insert(copy, people, [0n, 'Cid']);
    expect(rowsOf(copy)).toEqual([[3n, 'Cid']]);
  });

  test('[STORE6] rows of an event table are checked, reported once, and never stored or read', () => {
    const def = tableDef(columns('u64', 'string'), [unique(0)], [counting(0)], true);
    const store = storeOf(def);
    const table = store.table(things);
    for (const id of [1n, 2n]) {
      const tx = store.begin();
      expect(tx.insert(things, bytes(def, 0n, 'rang')).length).toBe(8);
      tx.insert(things, bytes(def, id, 'rang'));
      expect(() => tx.insert(things, bytes(def, id, 'knocked'))).toThrow(expect.objectContaining({ code: 'unique' }));
      expect(() => tx.insert(things, new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'decode' }));
      expect(() => tx.update(things, first, bytes(def, id, 'knocked'))).toThrow(
        expect.objectContaining({ code: 'no-such-row' }),
      );
      expect([
        table.rowCount,
        table.scan(),
        table.point(first, bytes(tableDef(columns('u64'), []), id)),
        table.pointOne(first, new Uint8Array(8)),
      ]).toEqual([0, [], [], -1]);
      expect(table.range(first, new Uint8Array(), 0, { kind: 'unbounded' }, { kind: 'unbounded' })).toEqual([]);
      expect([tx.deleteEqual(things, bytes(def, id, 'rang')), tx.clear(things)]).toEqual([0, 0]);
      const changes = tx.commit();
      expect(changes).toHaveLength(1);
      expect(changes[0]?.deletes).toEqual([]);
      expect(changes[0]?.inserts.map((row) => decodeValue(def.row, row))).toEqual([[id, 'rang']]);
    }
    store.apply([{ table: things, inserts: [bytes(def, 1n, 'rang')], deletes: [] }]);
    store.begin().rollback();
    expect(store.statistics()[0]).toMatchObject({ rowCount: 0, rowBytes: 0 });
  });

  test('[STORE7] rows of a scan that are removed meanwhile can be read until the next transaction but one begins', () => {
    const store = storeOf(people);
    insert(store, people, [1n, 'Ann'], [2n, 'Bob']);
    const table = store.table(things);
    const handles = table.scan();
    const tx = store.begin();
    tx.insert(things, bytes(people, 3n, 'Cid'));
    expect(tx.delete(things, handles)).toBe(2);
    tx.insert(things, bytes(people, 4n, 'Dan'));
    expect(handles.map((handle) => decodeValue(people.row, table.row(handle)))).toEqual([
      [1n, 'Ann'],
      [2n, 'Bob'],
    ]);
    const [change] = tx.commit();
    expect(change?.deletes.map((row) => decodeValue(people.row, row))).toEqual([
      [1n, 'Ann'],
      [2n, 'Bob'],
    ]);
  });

  test('[STORE8] rows of one transaction come in the order they were inserted, and stay so once committed', () => {
    const store = storeOf(people);
    insert(store, people, ...Array.from({ length: 100 }, (_, i) => [BigInt(1000 - i), `name ${i}`]));
    expect(rowsOf(store).map((row) => (row as Value[])[0])).toEqual(
      Array.from({ length: 100 }, (_, i) => BigInt(1000 - i)),
    );
    const tx = store.begin();
    tx.insert(things, bytes(people, 5n, 'late'));
    tx.insert(things, bytes(people, 4n, 'later'));
    expect(rowsOf(store).slice(0, 3)).toEqual([
      [5n, 'late'],
      [4n, 'later'],
      [1000n, 'name 0'],
    ]);
    tx.rollback();
  });

  test('[STORE9] memory of removed rows is used again, for rows of every size', () => {
    const store = storeOf(people);
    const heapBytes = () => store.statistics()[0]?.heapBytes ?? 0;
    const sizes = [0, 1, 7, 100, 129, 1000, 5000, 70_000, 262_144, 262_145, 2_000_000];
    const round = () => {
      insert(store, people, ...sizes.map((size, i) => [BigInt(i + 1), 'x'.repeat(size)]));
      expect(
        rowsOf(store)
          .map((row) => ((row as Value[])[1] as string).length)
          .sort((a, b) => a - b),
      ).toEqual(sizes);
      const tx = store.begin();
      expect(tx.clear(things)).toBe(sizes.length);
      tx.commit();
    };
    round();
    round();
    const before = heapBytes();
    for (let i = 0; i < 20; i++) round();
    expect(heapBytes()).toBe(before);
    store.begin().rollback();
    expect(store.statistics()[0]).toMatchObject({ rowCount: 0, rowBytes: 0 });
  });

  test('[STORE10] many rows share a key, and many keys order, through growth and removal', () => {
    const def = tableDef(columns('u32', 'u8'), [unique(0), shared(1)]);
    const store = storeOf(def);
    const table = store.table(things);
    const key = (value: number) => encodeValue({ kind: 'u32' }, value);
    const upTo = (value: number) =>
      table
        .range(first, new Uint8Array(), 0, { kind: 'unbounded' }, { kind: 'excluded', value: key(value) })
        .map((handle) => (decodeValue(def.row, table.row(handle)) as number[])[0]);
    expect(upTo(10)).toEqual([]);
    const ids = Array.from({ length: 5000 }, (_, i) => (i * 2731) % 5000);
    insert(store, def, ...ids.map((id) => [id, id % 2]));
    expect(upTo(3000)).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    const odd = table.point(second, Uint8Array.of(1));
    expect(odd.length).toBe(2500);
    expect([...odd].sort((a, b) => a - b)).toEqual(odd);
    const tx = store.begin();
    tx.delete(things, odd);
    for (let id = 0; id < 5000; id += 4) tx.update(things, first, bytes(def, id, 3));
    tx.commit();
    expect(upTo(5000)).toEqual(Array.from({ length: 2500 }, (_, i) => i * 2));
    expect([0, 1, 2, 3].map((value) => table.point(second, Uint8Array.of(value)).length)).toEqual([1250, 0, 0, 1250]);
  });

  test('[STORE11] altering a table keeps its rows and sequences, or changes nothing when it is refused', () => {
    const store = storeOf(people);
    insert(store, people, [0n, 'Ann'], [0n, 'Ann']);
    expect(() =>
      store.alterTable(things, {
        ...people,
        indexes: [...people.indexes, { ...unique(1), id: 3 as IndexId, name: 'names' }],
      }),
    ).toThrow(expect.objectContaining({ code: 'unique' }));
    expect(rowsOf(store).length).toBe(2);
    const wider = tableDef(columns('u64', 'string', 'bool'), [unique(0)], [counting(0)]);
    store.alterTable(things, wider, (row) => Buffer.concat([row, Uint8Array.of(1)]));
    insert(store, wider, [0n, 'Bob', false]);
    expect(rowsOf(store)).toEqual([
      [1n, 'Ann', true],
      [2n, 'Ann', true],
      [3n, 'Bob', false],
    ]);
    store.dropTable(things);
    expect(store.hasTable(things)).toBe(false);
    expect(() => store.table(things)).toThrow(expect.objectContaining({ code: 'no-such-table' }));
  });

  test('[STORE12] one transaction at a time, and none after its end', () => {
    const store = storeOf(people);
    const tx = store.begin();
    expect(() => store.begin()).toThrow('while a transaction is open');
    expect(() => store.dropTable(things)).toThrow('while a transaction is open');
    tx.commit();
    expect(store.isInTransaction).toBe(false);
    expect(() => tx.insert(things, bytes(people, 1n, 'Ann'))).toThrow('has ended');
    expect(() => tx.rollback()).toThrow('has ended');
  });

  test('[STORE13] a row that is put back within the transaction that removed it is no change, however many there are', () => {
    const store = storeOf(people);
    const all = Array.from({ length: 40 }, (_, i): Value[] => [BigInt(i + 1), `name ${i}`]);
    insert(store, people, ...all);
    const tx = store.begin();
    for (let round = 0; round < 3; round++) {
      for (const row of all) expect(tx.deleteEqual(things, bytes(people, ...row))).toBe(1);
      for (const row of all) tx.insert(things, bytes(people, ...row));
    }
    for (const [id] of all) tx.update(things, first, bytes(people, id as bigint, 'other'));
    for (const row of all) tx.update(things, first, bytes(people, ...row));
    expect(tx.changes()).toEqual([]);
    expect(tx.commit()).toEqual([]);
    expect(rowsOf(store)).toEqual(all);
  });
});
