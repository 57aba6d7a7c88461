import { schema, t, table } from 'spacetimedb/server';

// One row that many watch.

const tick = table({ name: 'tick', public: true }, { id: t.u32().primaryKey(), sequence: t.u32(), text: t.string() });

const spacetimedb = schema({ tick });
export default spacetimedb;

const text = 'What a subscriber gets for each commit, about a hundred bytes of text of some kind. '.padEnd(100, '.');

export const init = spacetimedb.init((ctx) => {
  ctx.db.tick.insert({ id: 0, sequence: 0, text });
});

export const write = spacetimedb.reducer({ sequence: t.u32() }, (ctx, { sequence }) => {
  ctx.db.tick.id.update({ id: 0, sequence, text });
});
