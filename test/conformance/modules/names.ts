import { schema, t, table } from 'spacetimedb/server';

// Names that change their case on the way to the wire and back, and names that are given.

const Level = t.enum('SkillLevel', ['lowLevel', 'highLevel']);

const player = t.row('Player', {
  player1Id: t.u64().primaryKey(),
  snake_name: t.string(),
  oneU8: t.u8(),
  skillLevel: Level,
});

const spacetimedb = schema({
  loggedOutPlayer: table({ public: true }, player),
  guests: table({ name: 'visitor', public: true }, t.row('Visitor', { id: t.u32().primaryKey() })),
});
export default spacetimedb;

export const setPlayer1Name = spacetimedb.reducer(
  { player1Id: t.u64(), newName: t.string() },
  (ctx, { player1Id, newName }) => {
    ctx.db.loggedOutPlayer.insert({ player1Id, snake_name: newName, oneU8: 1, skillLevel: { tag: 'highLevel' } });
  },
);

export const renamed = spacetimedb.reducer({ name: 'given_name' }, { value: t.u32() }, (ctx, { value }) => {
  ctx.db.guests.insert({ id: value });
});
