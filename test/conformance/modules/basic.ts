import { SenderError, schema, t, table } from 'spacetimedb/server';

// Rows of one owner each, everything that a reducer can end with, and hooks that keep a diary.

const item = table(
  { name: 'item', public: true },
  {
    id: t.u64().primaryKey().autoInc(),
    owner: t.identity().index('btree'),
    label: t.string().unique(),
    size: t.u32().index('btree'),
  },
);

const part = table(
  { name: 'part', public: true },
  { id: t.u64().primaryKey().autoInc(), itemId: t.u64().index('btree'), colour: t.string() },
);

const secret = table({ name: 'secret' }, { id: t.u32().primaryKey(), text: t.string() });

const diary = table(
  { name: 'diary', public: true },
  {
    id: t.u64().primaryKey().autoInc(),
    what: t.string(),
    sender: t.identity(),
    connection: t.option(t.connectionId()),
  },
);

const spark = table({ name: 'spark', public: true, event: true }, { colour: t.string(), heat: t.u32() });

const guest = table({ name: 'banned' }, { identity: t.identity().primaryKey() });

const spacetimedb = schema({ item, part, secret, diary, spark, guest });
export default spacetimedb;

export const init = spacetimedb.init((ctx) => {
  ctx.db.diary.insert({ id: 0n, what: 'init', sender: ctx.sender, connection: ctx.connectionId ?? undefined });
  ctx.db.secret.insert({ id: 1, text: 'hidden' });
});

export const onConnect = spacetimedb.clientConnected((ctx) => {
  if (ctx.db.guest.identity.find(ctx.sender)) throw new SenderError('you are banned');
  ctx.db.diary.insert({ id: 0n, what: 'connect', sender: ctx.sender, connection: ctx.connectionId ?? undefined });
});

export const onDisconnect = spacetimedb.clientDisconnected((ctx) => {
  ctx.db.diary.insert({ id: 0n, what: 'disconnect', sender: ctx.sender, connection: ctx.connectionId ?? undefined });
});

export const add = spacetimedb.reducer({ label: t.string(), size: t.u32() }, (ctx, { label, size }) => {
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label, size });
});

export const addMany = spacetimedb.reducer({ count: t.u32(), prefix: t.string() }, (ctx, { count, prefix }) => {
  for (let i = 0; i < count; i++) ctx.db.item.insert({ id: 0n, owner: ctx.sender, label: `${prefix}${i}`, size: i });
});

export const resize = spacetimedb.reducer({ label: t.string(), size: t.u32() }, (ctx, { label, size }) => {
  const found = ctx.db.item.label.find(label);
  if (!found) throw new SenderError(`there is no item ${label}`);
  ctx.db.item.id.update({ ...found, size });
});

export const remove = spacetimedb.reducer({ label: t.string() }, (ctx, { label }) => {
  if (!ctx.db.item.label.delete(label)) throw new SenderError(`there is no item ${label}`);
});

export const addPart = spacetimedb.reducer({ itemId: t.u64(), colour: t.string() }, (ctx, { itemId, colour }) => {
  ctx.db.part.insert({ id: 0n, itemId, colour });
});

export const removePart = spacetimedb.reducer({ id: t.u64() }, (ctx, { id }) => {
  ctx.db.part.id.delete(id);
});

export const ban = spacetimedb.reducer({ who: t.identity() }, (ctx, { who }) => {
  ctx.db.guest.insert({ identity: who });
});

export const glow = spacetimedb.reducer({ colour: t.string(), heat: t.u32() }, (ctx, { colour, heat }) => {
  ctx.db.spark.insert({ colour, heat });
});

export const nothing = spacetimedb.reducer(() => {});

export const thereAndBack = spacetimedb.reducer({ label: t.string() }, (ctx, { label }) => {
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label, size: 0 });
  ctx.db.item.label.delete(label);
});

/** Writes first, so that a refusal has something to undo. */
export const refuse = spacetimedb.reducer({ why: t.string() }, (ctx, { why }) => {
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label: `refused ${why}`, size: 0 });
  throw new SenderError(why);
});

export const crash = spacetimedb.reducer((ctx) => {
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label: 'crashed', size: 0 });
  throw new Error('a secret of the module');
});

export const collide = spacetimedb.reducer({ label: t.string() }, (ctx, { label }) => {
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label, size: 0 });
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label, size: 1 });
});

export const answer = spacetimedb.reducer((() => 42) as unknown as () => void);

export const spin = spacetimedb.reducer((ctx) => {
  ctx.db.item.insert({ id: 0n, owner: ctx.sender, label: 'spun', size: 0 });
  for (;;);
});

export const spinInCalls = spacetimedb.reducer((ctx) => {
  for (let i = 0; ; i++) ctx.db.item.insert({ id: 0n, owner: ctx.sender, label: `spun ${i}`, size: 0 });
});
