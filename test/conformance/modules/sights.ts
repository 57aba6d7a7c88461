import { SenderError, schema, t, table } from 'spacetimedb/server';

// Who sees what: views of one caller and of everybody, of rows and of queries, with keys and without, and rules of
// row-level security beside them.

const person = table(
  { name: 'person', public: false },
  {
    id: t.u64().primaryKey().autoInc(),
    owner: t.identity().index('btree'),
    team: t.u32().index('btree'),
    name: t.string().unique(),
    age: t.u32().index('btree'),
  },
);

const team = table({ name: 'team', public: true }, { id: t.u32().primaryKey(), title: t.string() });

const member = table(
  { name: 'member', public: true },
  { id: t.u64().primaryKey().autoInc(), who: t.identity().index('btree'), team: t.u32().index('btree') },
);

const post = table(
  { name: 'post', public: true },
  {
    id: t.u64().primaryKey().autoInc(),
    author: t.identity().index('btree'),
    team: t.u32().index('btree'),
    text: t.string(),
  },
);

const trap = table({ name: 'trap' }, { id: t.u32().primaryKey(), kind: t.string() });

const Headcount = t.row('Headcount', { team: t.u32().primaryKey(), heads: t.u64() });

const spacetimedb = schema({ person, team, member, post, trap });
export default spacetimedb;

/** Point reads by index: for each caller its own rows. */
export const mine = spacetimedb.view({ name: 'mine', public: true }, t.array(person.rowType), (ctx) => [
  ...ctx.db.person.owner.filter(ctx.sender),
]);

/** None or one. */
export const oldest = spacetimedb.anonymousView({ name: 'oldest', public: true }, t.option(person.rowType), (ctx) => {
  let found: { id: bigint; age: number } | undefined;
  for (const row of ctx.db.person.iter()) if (!found || row.age > found.age) found = row;
  return found && (ctx.db.person.id.find(found.id) ?? undefined);
});

/** Rows of no table, with a key: clients see updates. */
export const headcounts = spacetimedb.anonymousView({ name: 'headcounts', public: true }, t.array(Headcount), (ctx) => {
  if (ctx.db.trap.id.find(1)) throw new SenderError('the trap is set');
  for (const row of ctx.db.trap.iter()) if (row.kind === 'spin') for (;;);
  const heads = new Map<number, bigint>();
  for (const row of ctx.db.person.iter()) heads.set(row.team, (heads.get(row.team) ?? 0n) + 1n);
  return [...heads].map(([team, count]) => ({ team, heads: count }));
});

/** A query: kept by the engine. */
export const adults = spacetimedb.anonymousView({ name: 'adults', public: true }, t.array(person.rowType), (ctx) =>
  ctx.from.person.where((row) => row.age.gte(18)),
);

/** A join as a query, for each caller. */
export const teammates = spacetimedb.view({ name: 'teammates', public: true }, t.array(person.rowType), (ctx) =>
  ctx.from.member.where((row) => row.who.eq(ctx.sender)).rightSemijoin(ctx.from.person, (m, p) => m.team.eq(p.team)),
);

export const ownPosts = spacetimedb.clientVisibilityFilter.sql('SELECT * FROM post WHERE author = :sender');
export const teamPosts = spacetimedb.clientVisibilityFilter.sql(
  'SELECT post.* FROM post JOIN member ON post.team = member.team WHERE member.who = :sender',
);

export const hire = spacetimedb.reducer(
  { name: t.string(), team: t.u32(), age: t.u32() },
  (ctx, { name, team, age }) => {
    ctx.db.person.insert({ id: 0n, owner: ctx.sender, team, name, age });
  },
);

export const age = spacetimedb.reducer({ name: t.string(), age: t.u32() }, (ctx, { name, age }) => {
  const found = ctx.db.person.name.find(name);
  if (found) ctx.db.person.id.update({ ...found, age });
});

export const fire = spacetimedb.reducer({ name: t.string() }, (ctx, { name }) => {
  ctx.db.person.name.delete(name);
});

export const enter = spacetimedb.reducer({ team: t.u32() }, (ctx, { team }) => {
  ctx.db.member.insert({ id: 0n, who: ctx.sender, team });
});

export const leave = spacetimedb.reducer((ctx) => {
  ctx.db.member.who.delete(ctx.sender);
});

export const write = spacetimedb.reducer({ team: t.u32(), text: t.string() }, (ctx, { team, text }) => {
  ctx.db.post.insert({ id: 0n, author: ctx.sender, team, text });
});

export const setTrap = spacetimedb.reducer({ id: t.u32(), kind: t.string() }, (ctx, { id, kind }) => {
  ctx.db.trap.insert({ id, kind });
});

export const disarm = spacetimedb.reducer((ctx) => {
  ctx.db.trap.clear();
});
