import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Value } from '../bsatn/value.ts';
import type { LoadedModule } from './instance.ts';
import { moduleOf, TestDatabase } from './support.fixture.ts';

// One reducer carries out a list of steps through the public table API; the model is a list of rows.

const source = `
import { schema, t, table, Range, SenderError } from 'spacetimedb/server';
const cell = table({ indexes: [{ accessor: 'byKindRank', algorithm: 'btree', columns: ['kind', 'rank'] }] },
  { id: t.u32().primaryKey(), kind: t.u8().index('hash'), rank: t.i8(), label: t.string().unique() });
const s = schema({ cell });
export default s;
const Step = t.object('Step', { verb: t.u8(), id: t.u32(), kind: t.u8(), rank: t.i8(), label: t.string() });
const show = rows => console.log(rows.map(r => r.id).sort((a, b) => a - b).join());
export const run = s.reducer({ steps: t.array(Step), fails: t.bool() }, (ctx, { steps, fails }) => {
  const { cell } = ctx.db;
  for (const { verb, ...row } of steps) {
    const attempt = fn => { try { console.log(String(fn())); } catch (e) { console.log(e.name); } };
    if (verb === 0) attempt(() => cell.insert(row).id);
    if (verb === 1) attempt(() => cell.id.update(row).id);
    if (verb === 2) attempt(() => cell.id.delete(row.id));
    if (verb === 3) attempt(() => cell.kind.delete(row.kind));
    if (verb === 4) attempt(() => cell.delete(row));
    if (verb === 5) show([...cell.kind.filter(row.kind)]);
    if (verb === 6) show([...cell.byKindRank.filter([row.kind, new Range({ tag: 'included', value: row.rank }, { tag: 'unbounded' })])]);
    if (verb === 7) attempt(() => cell.label.find(row.label)?.id);
    if (verb === 8) attempt(() => cell.count());
    if (verb === 9) attempt(() => cell.byKindRank.delete([row.kind]));
  }
  if (fails) throw new SenderError('undone');
});
`;

interface Row {
  readonly id: number;
  readonly kind: number;
  readonly rank: number;
  readonly label: string;
}

interface Step extends Row {
  readonly verb: number;
}

const step = fc.record({
  verb: fc.nat(9),
  id: fc.nat(5),
  kind: fc.nat(2),
  rank: fc.integer({ min: -2, max: 2 }),
  label: fc.constantFrom('', 'a', 'b', 'c', 'd'),
});

/** What one step says, and the rows after it. */
function carryOut(rows: readonly Row[], { verb, ...row }: Step): [said: string, rows: readonly Row[]] {
  const same = (other: Row): boolean => JSON.stringify(other) === JSON.stringify(row);
  const collides = (others: readonly Row[]): boolean =>
    others.some((other) => other.id === row.id || other.label === row.label);
  const keep = (drop: (other: Row) => boolean): Row[] => rows.filter((other) => !drop(other));
  const ids = (found: readonly Row[]): string => String(found.map(({ id }) => id).sort((a, b) => a - b));
  switch (verb) {
    case 0:
      if (rows.some(same)) return [String(row.id), rows];
      return collides(rows) ? ['UniqueAlreadyExists', rows] : [String(row.id), [...rows, row]];
    case 1: {
      const others = keep((other) => other.id === row.id);
      if (others.length === rows.length) return ['NoSuchRow', rows];
      return collides(others) ? ['UniqueAlreadyExists', rows] : [String(row.id), [...others, row]];
    }
    case 2:
      return [String(rows.some((other) => other.id === row.id)), keep((other) => other.id === row.id)];
    case 3:
    case 9: {
      const left = keep((other) => other.kind === row.kind);
      return [String(rows.length - left.length), left];
    }
    case 4:
      return [String(rows.some(same)), keep(same)];
    case 5:
      return [ids(rows.filter((other) => other.kind === row.kind)), rows];
    case 6:
      return [ids(rows.filter((other) => other.kind === row.kind && other.rank >= row.rank)), rows];
    case 7:
      return [String(rows.find((other) => other.label === row.label)?.id), rows];
    default:
      return [String(rows.length), rows];
  }
}

let module: LoadedModule;
beforeAll(async () => {
  module = await moduleOf(source);
});

test('[MOD29] whatever a reducer does through its tables, it sees and leaves what a list of rows would', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ steps: fc.array(step, { maxLength: 12 }), fails: fc.boolean() }), { maxLength: 6 }),
      (calls) => {
        const db = new TestDatabase(module);
        let rows: readonly Row[] = [];
        for (const { steps, fails } of calls) {
          const said: string[] = [];
          let after = rows;
          for (const one of steps) {
            const [line, next] = carryOut(after, one);
            said.push(line);
            after = next;
          }
          db.logs.length = 0;
          db.call(
            'run',
            steps.map(({ verb, id, kind, rank, label }) => [verb, id, kind, rank, label]),
            fails,
          );
          expect(db.lines).toEqual(said);
          if (!fails) rows = after;
          const stored = db.rows('cell').map((row) => row as readonly Value[]);
          const expected = rows.map(({ id, kind, rank, label }) => [id, kind, rank, label]);
          expect(stored.map(String).sort()).toEqual(expected.map(String).sort());
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('[MOD13] a submodule’s reducers see its own tables, and the module sees them under its namespace', async () => {
  const library = `
import { schema, t, table } from 'spacetimedb/server';
const session = table({}, { id: t.u64().primaryKey().autoInc(), userName: t.string().index('btree') });
const s = schema({ session });
export default s;
export const start = s.reducer({ userName: t.string() }, (ctx, { userName }) => { ctx.db.session.insert({ id: 0n, userName }); });
export const sessions = s.anonymousView({ public: true }, t.array(session.rowType), ctx => [...ctx.db.session.iter()]);
`;
  const db = await TestDatabase.open(
    `
import { schema, t, table } from 'spacetimedb/server';
import * as auth from './auth.ts';
const session = table({}, { name: t.string() });
const s = schema({ session, auth });
export default s;
export const look = s.reducer(ctx => {
  ctx.db.session.insert({ name: 'mine' });
  console.log([...ctx.db.auth.session.userName.filter('ann')].length + ' ' + ctx.db.auth.session.count() + ' ' + ctx.as.auth.db.session.count());
});
`,
    { 'auth.ts': library },
  );
  db.run('auth.start', 'ann');
  db.run('auth.start', 'bob');
  db.run('look');
  expect(db.lines).toEqual(['1 2 2']);
  expect(db.rows('auth.session')).toEqual([
    [1n, 'ann'],
    [2n, 'bob'],
  ]);
  expect(db.rows('session')).toEqual([['mine']]);
  expect(db.view('auth.sessions')).toMatchObject({ kind: 'rows', rows: [expect.anything(), expect.anything()] });
});
