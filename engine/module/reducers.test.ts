import { beforeAll, describe, expect, test } from 'vitest';
import { TestDatabase } from './support.fixture.ts';

const source = `
import { schema, t, table, Range, SenderError, errors } from 'spacetimedb/server';
const item = table({
  name: 'item', public: true,
  indexes: [
    { accessor: 'byOwnerRank', algorithm: 'btree', columns: ['owner', 'rank'] },
    { accessor: 'byHash', algorithm: 'hash', columns: ['owner', 'name'] },
  ],
}, {
  id: t.u32().primaryKey().autoInc(),
  owner: t.u32().index('btree'),
  rank: t.i32(),
  name: t.string().unique(),
  slot: t.u8().index('direct'),
});
const blob = table({ name: 'blob' }, { id: t.u64().primaryKey(), data: t.byteArray() });
const plain = table({ name: 'plain' }, { a: t.u32(), b: t.string() });
const spacetimedb = schema({ item, blob, plain });
export default spacetimedb;

const row = (owner, rank, name, slot = 0) => ({ id: 0, owner, rank, name, slot });
const show = rows => console.log([...rows].map(r => r.name).join(' '));

export const fill = spacetimedb.reducer(ctx => {
  for (const [o, r] of [[1, 30], [1, 10], [2, 20], [1, 20], [2, -5]]) ctx.db.item.insert(row(o, r, o + ':' + r, r & 7));
});
export const add = spacetimedb.reducer({ owner: t.u32(), rank: t.i32(), name: t.string() }, (ctx, a) => {
  const inserted = ctx.db.item.insert(row(a.owner, a.rank, a.name));
  console.log('id ' + inserted.id);
});
export const scans = spacetimedb.reducer(ctx => {
  const { item } = ctx.db;
  show(item.iter());
  show(item.owner.filter(1));
  show(item.owner.filter(new Range({ tag: 'excluded', value: 1 }, { tag: 'unbounded' })));
  show(item.byOwnerRank.filter([1, new Range({ tag: 'included', value: 10 }, { tag: 'excluded', value: 30 })]));
  show(item.byOwnerRank.filter([1, 20]));
  show(item.byOwnerRank.filter([2]));
  show(item.byHash.filter([1, '1:10']));
  show(item.slot.filter(new Range({ tag: 'included', value: 3 }, { tag: 'included', value: 6 })));
  show(item.slot.filter(2));
  console.log(item.name.find('2:20').rank + ' ' + item.id.find(99) + ' ' + item.count());
});
export const changes = spacetimedb.reducer(ctx => {
  const { item } = ctx.db;
  const one = item.name.find('1:10');
  item.id.update({ ...one, rank: 11, name: 'renamed' });
  console.log(String(item.owner.delete(2)) + ' ' + item.name.delete('nobody') + ' ' + item.id.delete(1));
  console.log(String(item.byOwnerRank.delete([1, new Range({ tag: 'included', value: 20 }, { tag: 'unbounded' })])));
  show(item.iter());
});
export const collide = spacetimedb.reducer(ctx => {
  try { ctx.db.item.insert(row(9, 9, '1:30')); } catch (e) {
    console.log([e instanceof errors.UniqueAlreadyExists, e.name, e.message].join('|'));
  }
  ctx.db.item.insert(row(9, 9, 'after'));
});
export const missing = spacetimedb.reducer(ctx => {
  try { ctx.db.item.id.update({ ...row(1, 1, 'x'), id: 4711 }); } catch (e) {
    console.log([e instanceof errors.NoSuchRow, e.message].join('|'));
  }
});
export const refuse = spacetimedb.reducer(ctx => {
  ctx.db.item.insert(row(7, 7, 'refused'));
  throw new SenderError('not today');
});
export const crash = spacetimedb.reducer(ctx => {
  ctx.db.item.insert(row(7, 7, 'crashed'));
  null.x;
});
export const sets = spacetimedb.reducer(ctx => {
  const { plain } = ctx.db;
  plain.insert({ a: 1, b: 'x' }); plain.insert({ a: 1, b: 'x' }); plain.insert({ a: 2, b: 'x' });
  console.log(plain.count() + ' ' + plain.delete({ a: 1, b: 'x' }) + ' ' + plain.delete({ a: 1, b: 'x' }) + ' ' + plain.count());
  plain.insert({ a: 1, b: 'x' });
});
export const clearPlain = spacetimedb.reducer(ctx => { console.log(String(ctx.db.plain.clear())); });
export const big = spacetimedb.reducer({ size: t.u32(), count: t.u32() }, (ctx, { size, count }) => {
  for (let i = 0; i < count; i++) ctx.db.blob.insert({ id: BigInt(i), data: new Uint8Array(size).fill(i) });
});
export const bigRead = spacetimedb.reducer(ctx => {
  let sum = 0, rows = 0;
  for (const b of ctx.db.blob.iter()) { rows++; sum += b.data.length; if (b.data.some(x => x !== Number(b.id % 256n))) throw new Error('wrong'); }
  console.log(rows + ' ' + sum + ' ' + ctx.db.blob.id.find(1n).data.length);
});
export const nested = spacetimedb.reducer(ctx => {
  let pairs = 0;
  for (const a of ctx.db.item.iter()) for (const b of ctx.db.item.iter()) pairs++;
  for (const a of ctx.db.item.iter()) { ctx.db.item.id.delete(a.id); ctx.db.item.insert({ ...a, id: 0 }); }
  for (const a of ctx.db.item.iter()) break;
  console.log(pairs + ' ' + ctx.db.item.count() + ' ' + ctx.db.item.iter().filter(i => i.owner === 1).toArray().length);
});
export const text = spacetimedb.reducer({ s: t.string() }, (ctx, { s }) => { ctx.db.plain.insert({ a: 3, b: s }); });
`;

let db: TestDatabase;
beforeAll(async () => {
  const { module } = await TestDatabase.open(source);
  fresh = () => new TestDatabase(module);
});
let fresh: () => TestDatabase;

describe('a reducer', () => {
  test('[MOD20] reads by scan, equality, range and prefix through every kind of index', () => {
    db = fresh();
    db.run('fill');
    db.run('scans');
    expect(db.lines).toEqual([
      '1:30 1:10 2:20 1:20 2:-5',
      expect.any(String),
      expect.any(String),
      '1:10 1:20',
      '1:20',
      '2:-5 2:20',
      '1:10',
      expect.any(String),
      expect.any(String),
      '20 null 5',
    ]);
    const sorted = (line: number): string => (db.lines[line] ?? '').split(' ').sort().join(' ');
    expect(sorted(1)).toBe('1:10 1:20 1:30');
    expect(sorted(2)).toBe('2:-5 2:20');
    expect(sorted(7)).toBe('1:20 1:30 2:-5 2:20');
    expect(sorted(8)).toBe('1:10');
  });

  test('[MOD21] gets the values of generated columns back', () => {
    db = fresh();
    db.run('add', 1, 1, 'a');
    db.run('add', 1, 1, 'b');
    expect(db.lines).toEqual(['id 1', 'id 2']);
    expect(db.rows('item')).toEqual([
      [1, 1, 1, 'a', 0],
      [2, 1, 1, 'b', 0],
    ]);
  });

  test('[MOD22] updates by a unique index and deletes by any', () => {
    db = fresh();
    db.run('fill');
    db.run('changes');
    expect(db.lines).toEqual(['2 false true', '1', 'renamed']);
  });

  test('[MOD23] catches a failure as the class and text that the module knows, and goes on', () => {
    db = fresh();
    db.run('fill');
    db.run('collide');
    db.run('missing');
    expect(db.lines).toEqual([
      'true|UniqueAlreadyExists|Value with given unique identifier already exists',
      'true|The row was not found, e.g., in an update call',
    ]);
    expect(db.rows('item')).toHaveLength(6);
  });

  test('[MOD24] that throws a SenderError answers with its message; anything else is logged with the author’s line', () => {
    db = fresh();
    expect(db.call('refuse')).toEqual({ kind: 'rejected', message: 'not today' });
    expect(db.logs).toEqual([]);
    expect(db.call('crash')).toEqual({ kind: 'failed', message: 'The instance encountered a fatal error.' });
    expect(db.rows('item')).toEqual([]);
    const line = source.split('\n').findIndex((text) => text.includes('null.x')) + 1;
    expect(db.logs).toEqual([
      { level: 'Error', ts: db.timestampMicros, message: expect.stringMatching(`TypeError: .*\n.*module.ts:${line}:`) },
    ]);
  });

  test('[MOD25] sees a table as a set of rows', () => {
    db = fresh();
    db.run('sets');
    expect(db.lines).toEqual(['2 true false 1']);
    expect(db.rows('plain')).toHaveLength(2);
    db.run('clearPlain');
    expect(db.lines.at(-1)).toBe('2');
    expect(db.rows('plain')).toEqual([]);
  });

  test('[MOD26] reads rows larger than its buffer, and more rows than fit into it', () => {
    db = fresh();
    db.run('big', 300_000, 3);
    db.run('bigRead');
    db.run('big', 300_000, 3);
    expect(db.lines).toEqual(['3 900000 300000']);
    const many = fresh();
    many.run('big', 1000, 500);
    many.run('bigRead');
    expect(many.lines).toEqual(['500 500000 1000']);
  });

  test('[MOD27] iterates over the rows of the moment of the scan, whatever it writes meanwhile', () => {
    db = fresh();
    db.run('fill');
    db.run('nested');
    expect(db.lines).toEqual(['25 5 3']);
  });

  test.each(['', 'ascii', 'grüße, 東京 🍌', 'x'.repeat(5000), 'é'.repeat(40), '\ufeffbom'])(
    '[MOD28] keeps text as it is (%#)',
    (text) => {
      db = fresh();
      db.run('text', text);
      const stored = text.startsWith('\ufeff') ? text.slice(1) : text;
      expect(db.rows('plain')).toEqual([[3, stored]]);
    },
  );
});
