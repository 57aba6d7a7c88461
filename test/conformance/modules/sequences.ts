import { schema, t, table } from 'spacetimedb/server';

// Generated values of every integer type, and rows that nobody finds in a table afterwards.

const i8 = table({ name: 'i8s', public: true }, { id: t.i8().primaryKey().autoInc() });
const u8 = table({ name: 'u8s', public: true }, { id: t.u8().primaryKey().autoInc() });
const i16 = table({ name: 'i16s', public: true }, { id: t.i16().primaryKey().autoInc() });
const u16 = table({ name: 'u16s', public: true }, { id: t.u16().primaryKey().autoInc() });
const i32 = table({ name: 'i32s', public: true }, { id: t.i32().primaryKey().autoInc() });
const u32 = table({ name: 'u32s', public: true }, { id: t.u32().primaryKey().autoInc() });
const i64 = table({ name: 'i64s', public: true }, { id: t.i64().primaryKey().autoInc() });
const u64 = table({ name: 'u64s', public: true }, { id: t.u64().primaryKey().autoInc() });
const i128 = table({ name: 'i128s', public: true }, { id: t.i128().primaryKey().autoInc() });
const u128 = table({ name: 'u128s', public: true }, { id: t.u128().primaryKey().autoInc() });
const i256 = table({ name: 'i256s', public: true }, { id: t.i256().primaryKey().autoInc() });
const u256 = table({ name: 'u256s', public: true }, { id: t.u256().primaryKey().autoInc() });

const spark = table({ name: 'spark', public: true, event: true }, { id: t.u64().autoInc(), note: t.string() });

const pair = table(
  { name: 'pair', public: true },
  { note: t.string(), first: t.u32().autoInc(), second: t.u64().autoInc(), id: t.u64().primaryKey().autoInc() },
);

const seen = table({ name: 'seen', public: true }, { what: t.string(), values: t.array(t.u64()) });

const spacetimedb = schema({ i8, u8, i16, u16, i32, u32, i64, u64, i128, u128, i256, u256, spark, pair, seen });
export default spacetimedb;

export const addToAll = spacetimedb.reducer((ctx) => {
  for (const narrow of [ctx.db.i8, ctx.db.u8, ctx.db.i16, ctx.db.u16, ctx.db.i32, ctx.db.u32]) narrow.insert({ id: 0 });
  for (const wide of [ctx.db.i64, ctx.db.u64, ctx.db.i128, ctx.db.u128, ctx.db.i256, ctx.db.u256]) {
    wide.insert({ id: 0n });
  }
});

export const addBytes = spacetimedb.reducer({ count: t.u32() }, (ctx, { count }) => {
  for (let i = 0; i < count; i++) {
    const { id } = ctx.db.u8.insert({ id: 0 });
    ctx.db.u8.id.delete(id);
  }
});

export const addGiven = spacetimedb.reducer({ id: t.u64() }, (ctx, { id }) => {
  ctx.db.u64.insert({ id });
});

/** Notes what the module was given back, which clients cannot see otherwise. */
export const addPair = spacetimedb.reducer({ note: t.string() }, (ctx, { note }) => {
  const { first, second, id } = ctx.db.pair.insert({ note, first: 0, second: 0n, id: 0n });
  ctx.db.seen.insert({ what: note, values: [BigInt(first), second, id] });
});

export const glow = spacetimedb.reducer({ note: t.string() }, (ctx, { note }) => {
  ctx.db.spark.insert({ id: 0n, note });
});

export const comeAndGo = spacetimedb.procedure(t.u64(), (ctx) =>
  ctx.withTx((tx) => {
    const { id } = tx.db.u64.insert({ id: 0n });
    tx.db.u64.id.delete(id);
    return id;
  }),
);

export const addOne = spacetimedb.reducer((ctx) => {
  ctx.db.u64.insert({ id: 0n });
});

export const dropAll = spacetimedb.reducer((ctx) => {
  ctx.db.u64.clear();
});

export const fail = spacetimedb.reducer((ctx) => {
  for (let i = 0; i < 10; i++) ctx.db.u64.insert({ id: 0n });
  throw new Error('no');
});
