import { ScheduleAt, Timestamp } from 'spacetimedb';
import { Range, SenderError, schema, t, table } from 'spacetimedb/server';

// Ways to find rows: every algorithm and key type, one column and several, unique or not. Each reducer checks itself and
// says what is wrong.

const Level = t.enum('Level', ['Low', 'Middle', 'High']);

const many = table(
  {
    name: 'many',
    public: true,
    indexes: [
      { accessor: 'byGroup', algorithm: 'btree', columns: ['team', 'rank', 'name'] },
      { accessor: 'byNameHash', algorithm: 'hash', columns: ['name'] },
      { accessor: 'byRank', algorithm: 'direct', column: 'rank' },
      { accessor: 'byPair', algorithm: 'hash', columns: ['team', 'rank'] },
      { accessor: 'bySize', algorithm: 'btree', columns: ['size'] },
      { accessor: 'bySingle', algorithm: 'btree', columns: ['single'] },
    ],
  },
  {
    id: t.u64().primaryKey().autoInc(),
    team: t.string(),
    rank: t.u8(),
    name: t.string(),
    level: Level.index('btree'),
    at: t.timestamp().index('btree'),
    who: t.identity().index('btree'),
    line: t.connectionId().index('btree'),
    uid: t.uuid().index('btree'),
    size: t.f64(),
    single: t.f32(),
    tall: t.i256().index('btree'),
    wide: t.u128().index('btree'),
    small: t.i8().index('btree'),
    on: t.bool().index('btree'),
  },
);

const slot = table(
  {
    name: 'slot',
    public: true,
    indexes: [{ accessor: 'at', algorithm: 'btree', columns: ['x', 'y'] }],
    constraints: [{ name: 'slot_at', constraint: 'unique', columns: ['x', 'y'] as unknown as ['x'] }],
  },
  { x: t.i32(), y: t.i32(), note: t.string() },
);

const later = table({ name: 'later' }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt(), note: t.string() });

const spacetimedb = schema({ many, slot, later });
export default spacetimedb;

export const onLater = spacetimedb.reducer({ onSchedule: later }, { row: later.rowType }, () => {});

function expectEqual(what: string, seen: unknown, expected: unknown): void {
  const text = (value: unknown) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part));
  if (text(seen) !== text(expected)) throw new SenderError(`${what}: ${text(seen)} instead of ${text(expected)}`);
}

export const fill = spacetimedb.reducer((ctx) => {
  const levels = [{ tag: 'Low' as const }, { tag: 'Middle' as const }, { tag: 'High' as const }];
  for (let i = 0; i < 12; i++) {
    ctx.db.many.insert({
      id: 0n,
      team: i % 2 === 0 ? 'even' : 'odd',
      rank: i,
      name: `n${i % 4}`,
      level: levels[i % 3] ?? { tag: 'Low' },
      at: new Timestamp(BigInt(i) * 1_000_000n),
      who: ctx.sender,
      line:
        ctx.connectionId ??
        (() => {
          throw new SenderError('no connection');
        })(),
      uid: ctx.newUuidV7(),
      size:
        [Number.NEGATIVE_INFINITY, -1.5, -0, 0, 1e-300, 2, 3, 4, 5, 6, Number.POSITIVE_INFINITY, Number.NaN][i] ?? 0,
      single: i - 6,
      tall: BigInt(i - 6) * 2n ** 200n,
      wide: BigInt(i) * 2n ** 100n,
      small: i - 6,
      on: i >= 6,
    });
  }
});

export const look = spacetimedb.reducer((ctx) => {
  const { many } = ctx.db;
  const ranks = (rows: Iterable<{ rank: number }>) => [...rows].map((row) => row.rank);
  expectEqual('count', many.count(), 12n);
  expectEqual('first column', ranks(many.byGroup.filter('even')), [0, 2, 4, 6, 8, 10]);
  expectEqual('two columns', ranks(many.byGroup.filter(['even', 4])), [4]);
  expectEqual('all columns', ranks(many.byGroup.filter(['even', 4, 'n0'])), [4]);
  expectEqual('nothing', ranks(many.byGroup.filter(['even', 4, 'n1'])), []);
  const between = new Range<number>({ tag: 'included', value: 4 }, { tag: 'excluded', value: 8 });
  expectEqual('prefix and range', ranks(many.byGroup.filter(['even', between])), [4, 6]);
  const open = new Range<number>({ tag: 'excluded', value: 4 }, { tag: 'unbounded' });
  expectEqual('open range', ranks(many.byGroup.filter(['odd', open])), [5, 7, 9, 11]);
  expectEqual(
    'hash',
    ranks(many.byNameHash.filter('n1')).sort((a, b) => a - b),
    [1, 5, 9],
  );
  expectEqual('hash of two', ranks(many.byPair.filter(['odd', 5])), [5]);
  expectEqual('direct', ranks(many.byRank.filter(7)), [7]);
  expectEqual('direct range', ranks(many.byRank.filter(between)), [4, 5, 6, 7]);
  expectEqual('enum', ranks(many.level.filter({ tag: 'High' })), [2, 5, 8, 11]);
  expectEqual('timestamp', ranks(many.at.filter(new Timestamp(3_000_000n))), [3]);
  const times = new Range<Timestamp>({ tag: 'included', value: new Timestamp(9_500_000n) }, { tag: 'unbounded' });
  expectEqual('timestamps', ranks(many.at.filter(times)), [10, 11]);
  expectEqual('identity', ranks(many.who.filter(ctx.sender)).length, 12);
  expectEqual('bool', ranks(many.on.filter(false)), [0, 1, 2, 3, 4, 5]);
  const negative = new Range<number>({ tag: 'unbounded' }, { tag: 'excluded', value: 0 });
  expectEqual('i8 range', ranks(many.small.filter(negative)), [0, 1, 2, 3, 4, 5]);
  expectEqual('f32 range', ranks(many.bySingle.filter(negative)), [0, 1, 2, 3, 4, 5]);
  const zero = new Range<number>({ tag: 'included', value: 0 }, { tag: 'included', value: 2 });
  expectEqual('f64 range', ranks(many.bySize.filter(zero)), [3, 4, 5]);
  const all = new Range<number>({ tag: 'unbounded' }, { tag: 'unbounded' });
  expectEqual('total order', ranks(many.bySize.filter(all)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const tall = new Range<bigint>({ tag: 'excluded', value: -(2n ** 200n) }, { tag: 'included', value: 2n ** 200n });
  expectEqual('i256 range', ranks(many.tall.filter(tall)), [6, 7]);
  expectEqual('u128', ranks(many.wide.filter(3n * 2n ** 100n)), [3]);
  const [seventh] = [...many.byRank.filter(7)];
  expectEqual('uuid', seventh && ranks(many.uid.filter(seventh.uid)), [7]);
  expectEqual('find', many.id.find(8n)?.rank, 7);
  expectEqual('find nothing', many.id.find(99n), null);
});

export const change = spacetimedb.reducer((ctx) => {
  const { many, slot } = ctx.db;
  const row = many.id.find(1n);
  if (!row) throw new SenderError('no row');
  expectEqual('update', many.id.update({ ...row, name: 'changed' }).name, 'changed');
  expectEqual('seen at once', [...many.byNameHash.filter('changed')].length, 1);
  expectEqual('set semantics', many.insert({ ...row, name: 'changed' }).id, 1n);
  expectEqual('still', many.count(), 12n);
  expectEqual(
    'delete by range',
    many.byGroup.delete(['odd', new Range<number>({ tag: 'included', value: 9 }, { tag: 'unbounded' })]),
    2,
  );
  expectEqual('delete by hash', many.byNameHash.delete('n2'), 3);
  expectEqual('delete nothing', many.id.delete(99n), false);
  expectEqual('delete whole rows', many.delete({ ...row, name: 'changed' }), true);
  expectEqual('left', many.count(), 6n);
  slot.insert({ x: 1, y: 1, note: 'a' });
  slot.insert({ x: 1, y: 2, note: 'b' });
  let name = '';
  try {
    slot.insert({ x: 1, y: 1, note: 'c' });
  } catch (error) {
    name = (error as Error).name;
  }
  expectEqual('unique of two', name, 'UniqueAlreadyExists');
  expectEqual('the same row again', slot.insert({ x: 1, y: 1, note: 'a' }).note, 'a');
  expectEqual('slots', slot.count(), 2n);
  let message = '';
  try {
    many.id.update({ ...row, id: 1234n });
  } catch (error) {
    message = `${(error as Error).name}: ${(error as Error).message}`;
  }
  expectEqual('update of nothing', message.startsWith('NoSuchRow'), true);
  let tooLong = '';
  try {
    ctx.db.later.insert({
      id: 0n,
      at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + 70_000_000_000_000_000n),
      note: '',
    });
  } catch (error) {
    tooLong = (error as Error).name;
  }
  expectEqual('too far ahead', tooLong, 'ScheduleAtDelayTooLong');
});

/** Reads its own writes, also over many rows, while it changes what it reads. */
export const iterate = spacetimedb.reducer((ctx) => {
  const { slot } = ctx.db;
  for (let i = 0; i < 5000; i++) slot.insert({ x: 100, y: i, note: 'n'.repeat(i % 50) });
  let seen = 0;
  for (const row of slot.iter()) {
    if (row.x !== 100) continue;
    seen += 1;
    slot.insert({ ...row, x: 101 });
    slot.delete(row);
  }
  expectEqual('a snapshot', seen, 5000);
  expectEqual(
    'all moved',
    [100, 101].map((x) => [...slot.iter()].filter((row) => row.x === x).length),
    [0, 5000],
  );
  let first: number | undefined;
  for (const row of slot.iter()) {
    first = row.y;
    break;
  }
  expectEqual('stopped early', typeof first, 'number');
});

export const clear = spacetimedb.reducer((ctx) => {
  const before = ctx.db.many.count();
  expectEqual('cleared', ctx.db.many.clear(), before);
  expectEqual('empty', ctx.db.many.count(), 0n);
});
