import { beforeAll, expect, test } from 'vitest';
import { decodeValue } from '../bsatn/value.ts';
import { ViewFailure } from './instance.ts';
import { alice, TestDatabase } from './support.fixture.ts';

const source = `
import { schema, t, table, Range, SenderError } from 'spacetimedb/server';
const note = table({ public: true }, {
  id: t.u64().primaryKey().autoInc(), owner: t.identity().index('hash'), weight: t.i32().index('btree'), text: t.string(),
});
const other = table({}, { id: t.u64().primaryKey(), textLength: t.u32() });
const ping = table({ event: true }, { at: t.u32().index('btree') });
const s = schema({ note, other, ping });
export default s;
export const add = s.reducer({ weight: t.i32(), text: t.string() }, (ctx, { weight, text }) => {
  ctx.db.note.insert({ id: 0n, owner: ctx.sender, weight, text });
});
export const mine = s.view({ public: true }, t.array(note.rowType), ctx => [...ctx.db.note.owner.filter(ctx.sender)]);
export const first = s.view({ public: true }, t.option(note.rowType), ctx => ctx.db.note.id.find(1n) ?? undefined);
export const everything = s.anonymousView({ public: true }, t.array(note.rowType), ctx => [...ctx.db.note.iter()]);
export const heavy = s.anonymousView({ public: true }, t.array(note.rowType), ctx =>
  [...ctx.db.note.weight.filter(new Range({ tag: 'included', value: 10 }, { tag: 'unbounded' }))]);
export const counted = s.anonymousView({ public: true }, t.array(other.rowType), ctx => [{ id: 1n, textLength: Number(ctx.db.note.count()) }]);
export const query = s.anonymousView({ public: true }, t.array(other.rowType), ctx => ctx.from.other.where(row => row.textLength.eq(5)));
export const writes = s.anonymousView({ public: true }, t.array(note.rowType), ctx => {
  try { ctx.db.note.delete({ id: 0n, owner: ctx.db.note.id.find(1n).owner, weight: 1, text: '' }); } catch (e) { console.log(e.name + ': ' + e.message); throw e; }
  return [];
});
export const hears = s.anonymousView({ public: true }, t.array(ping.rowType), ctx => [...ctx.db.ping.iter()]);
export const hearsSome = s.anonymousView({ public: true }, t.array(ping.rowType), ctx => [...ctx.db.ping.at.filter(1)]);
export const refuses = s.view({ public: true }, t.array(note.rowType), ctx => { throw new SenderError('not for you'); });
`;

let db: TestDatabase;
beforeAll(async () => {
  db = await TestDatabase.open(source);
  db.run('add', 5, 'light');
  db.run('add', 15, 'heavy');
});

const texts = (name: string, sender?: bigint): unknown[] => {
  const result = db.view(name, sender);
  if (result.kind !== 'rows') throw new Error(`${name} is a query`);
  const row = db.catalog.def.views.find((view) => view.sourceName === name)?.row;
  return result.rows.map((bytes) => (decodeValue(row ?? { kind: 'product', fields: [] }, bytes) as unknown[]).at(-1));
};

test('[MOD40] a view answers with its rows, an option with none or one', () => {
  expect(texts('mine', alice)).toEqual(['light', 'heavy']);
  expect(texts('mine', 99n)).toEqual([]);
  expect(texts('first', alice)).toEqual(['light']);
  expect(texts('everything')).toEqual(['light', 'heavy']);
  expect(texts('heavy')).toEqual(['heavy']);
  expect(texts('counted')).toEqual([2]);
});

test('[MOD41] a view tells what it read: points by key, ranges by their bounds, everything else by table', () => {
  const note = db.catalog.tableByName('note')?.stored;
  const reads = (name: string): [number[], string[]] => {
    const { tables, points } = db.view(name, alice).reads;
    return [
      [...tables],
      points.map((point) => `${point.table}/${point.index}/${Buffer.from(point.key).toString('hex')}`),
    ];
  };
  const [byId, byOwner] = note?.indexes ?? [];
  const sender = alice.toString(16).padStart(64, '0').match(/../g)?.reverse().join('');
  expect(reads('mine')).toEqual([[], [`${note?.id}/${byOwner?.id}/${sender}`]]);
  expect(reads('first')).toEqual([[], [`${note?.id}/${byId?.id}/0100000000000000`]]);
  for (const name of ['everything', 'counted']) expect(reads(name)).toEqual([[note?.id], []]);
  expect(reads('query')).toEqual([[], []]);
  expect(reads('heavy')).toEqual([[], []]);
  const byWeight = note?.indexes.find(({ columns }) => columns[0] === 2);
  expect(db.view('heavy').reads.ranges).toEqual([
    {
      table: note?.id,
      index: byWeight?.id,
      prefix: new Uint8Array(0),
      prefixColumns: 0,
      start: { kind: 'included', value: Uint8Array.of(10, 0, 0, 0) },
      end: { kind: 'unbounded' },
    },
  ]);
});

test('[MOD42] a view may answer with a query', () => {
  expect(db.view('query')).toMatchObject({
    kind: 'query',
    sql: expect.stringMatching(/FROM "other" WHERE .*"textLength"/),
  });
});

test('[MOD43] a view cannot write, and its failure is told to the caller as a reducer’s would be', () => {
  expect(() => db.view('writes')).toThrow(ViewFailure);
  expect(db.lines[0]).toBe('TransactionIsReadOnly: The transaction is read-only: a view cannot write');
  expect(() => db.view('refuses', alice)).toThrow('view `refuses`: not for you');
  expect(db.rows('note')).toHaveLength(2);
});

test('[MOD44] a view cannot read an event table', () => {
  for (const name of ['hears', 'hearsSome']) {
    expect(() => db.view(name)).toThrow(ViewFailure);
    expect(db.lines.some((line) => line.includes('a view cannot read the event table `ping`'))).toBe(true);
    db.lines.length = 0;
  }
});
