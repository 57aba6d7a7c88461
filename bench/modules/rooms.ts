import { schema, t, table } from 'spacetimedb/server';

// Messages in rooms of ten. A member of a room sees its messages by a semijoin, or one room's by a filter.

const messagesARoom = 10;

const member = table(
  { name: 'member' },
  { id: t.u32().primaryKey(), identity: t.identity().index('btree'), room: t.u32().index('btree') },
);
const message = table(
  { name: 'message' },
  { id: t.u32().primaryKey(), room: t.u32().index('btree'), version: t.u32(), text: t.string() },
);

const spacetimedb = schema({ member, message });
export default spacetimedb;

export const joined = spacetimedb.view({ name: 'joined', public: true }, t.array(message.rowType), (ctx) =>
  ctx.from.member
    .where((one) => one.identity.eq(ctx.sender))
    .rightSemijoin(ctx.from.message, (one, other) => one.room.eq(other.room)),
);

export const first = spacetimedb.view({ name: 'first', public: true }, t.array(message.rowType), (ctx) =>
  ctx.from.message.where((one) => one.room.eq(0)),
);

export const enter = spacetimedb.reducer({ room: t.u32() }, (ctx, { room }) => {
  ctx.db.member.insert({ id: room, identity: ctx.sender, room });
});

export const fill = spacetimedb.reducer({ from: t.u32(), to: t.u32() }, (ctx, { from, to }) => {
  for (let id = from; id < to; id++) {
    ctx.db.message.insert({ id, room: Math.floor(id / messagesARoom), version: 0, text: `message ${id} of this room` });
  }
});

export const touch = spacetimedb.reducer({ id: t.u32() }, (ctx, { id }) => {
  const found = ctx.db.message.id.find(id);
  if (found) ctx.db.message.id.update({ ...found, version: found.version + 1 });
});
