import { type ConnectionId, type Identity, Timestamp, Uuid } from 'spacetimedb';
import { Range, schema, t, table } from 'spacetimedb/server';

// What queries can ask for: a column of every type, joins of tables and views, ranges, and events beside stored rows.

const Kind = t.enum('Kind', ['Low', 'High']);

const thing = table(
  { name: 'thing', public: true },
  {
    id: t.u32().primaryKey(),
    flag: t.bool(),
    byte: t.u8(),
    short: t.i16(),
    int: t.i32(),
    long: t.u64(),
    wide: t.u128(),
    widest: t.i256(),
    single: t.f32(),
    double: t.f64(),
    text: t.string(),
    bytes: t.array(t.u8()),
    who: t.identity(),
    line: t.connectionId(),
    at: t.timestamp(),
    uid: t.uuid(),
    kind: Kind,
    maybe: t.option(t.u32()),
  },
);

const score = table(
  { name: 'score', public: true },
  {
    id: t.u32().primaryKey(),
    room: t.u32().index('btree'),
    points: t.i32().index('btree'),
    player: t.string().index('hash'),
  },
);

const room = table({ name: 'room', public: true }, { id: t.u32().primaryKey(), name: t.string().index('btree') });

const seat = table(
  { name: 'seat', public: true },
  { id: t.u32().primaryKey().autoInc(), who: t.identity().index('btree'), room: t.u32().index('btree') },
);

const blip = table({ name: 'blip', public: true, event: true }, { room: t.u32().index('btree'), text: t.string() });

const spacetimedb = schema({ thing, score, room, seat, blip });
export default spacetimedb;

/** Reads one range of an index, and says in the log when it runs. */
export const best = spacetimedb.anonymousView({ name: 'best', public: true }, t.array(score.rowType), (ctx) => {
  console.log('best runs');
  return [...ctx.db.score.points.filter(new Range<number>({ tag: 'included', value: 100 }, { tag: 'unbounded' }))];
});

/** The rooms of the caller, as a query. */
export const ownRooms = spacetimedb.view({ name: 'own_rooms', public: true }, t.array(room.rowType), (ctx) =>
  ctx.from.seat.where((row) => row.who.eq(ctx.sender)).rightSemijoin(ctx.from.room, (s, r) => s.room.eq(r.id)),
);

export const fill = spacetimedb.reducer((ctx) => {
  for (let i = 0; i < 3; i++) {
    ctx.db.thing.insert({
      id: i,
      flag: i === 1,
      byte: i + 253,
      short: i - 300,
      int: (i - 1) * 2_000_000_000,
      long: BigInt(i) * 2n ** 62n,
      wide: BigInt(i) * 2n ** 126n,
      widest: BigInt(i - 1) * 2n ** 254n,
      single: i - 0.5,
      double: (i - 1) * 1e300,
      text: ["it's", 'é', ''][i] ?? '',
      bytes: [i, 255],
      who: ctx.sender as Identity,
      line: ctx.connectionId as ConnectionId,
      at: new Timestamp(1_700_000_000_000_000n + BigInt(i)),
      uid: Uuid.parse(`00000000-0000-4000-8000-00000000000${i}`),
      kind: { tag: i === 0 ? 'Low' : 'High' },
      maybe: i === 0 ? undefined : i,
    });
  }
});

export const setScore = spacetimedb.reducer(
  { id: t.u32(), room: t.u32(), points: t.i32(), player: t.string() },
  (ctx, row) => {
    if (ctx.db.score.id.find(row.id)) ctx.db.score.id.update(row);
    else ctx.db.score.insert(row);
  },
);

export const dropScore = spacetimedb.reducer({ id: t.u32() }, (ctx, { id }) => {
  ctx.db.score.id.delete(id);
});

export const openRoom = spacetimedb.reducer({ id: t.u32(), name: t.string() }, (ctx, row) => {
  ctx.db.room.insert(row);
});

export const sit = spacetimedb.reducer({ room: t.u32() }, (ctx, row) => {
  ctx.db.seat.insert({ id: 0, who: ctx.sender, room: row.room });
});

export const shout = spacetimedb.reducer({ room: t.u32(), text: t.string() }, (ctx, row) => {
  ctx.db.blip.insert(row);
});
