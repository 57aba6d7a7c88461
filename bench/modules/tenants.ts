import { schema, t, table } from 'spacetimedb/server';

// Items of tenants. Somebody watches one tenant's.

const item = table(
  { name: 'item', public: true },
  { id: t.u32().primaryKey(), tenant: t.u32().index('btree'), version: t.u32() },
);

const spacetimedb = schema({ item });
export default spacetimedb;

export const fill = spacetimedb.reducer(
  { from: t.u32(), to: t.u32(), itemsATenant: t.u32() },
  (ctx, { from, to, itemsATenant }) => {
    for (let id = from; id < to; id++) ctx.db.item.insert({ id, tenant: Math.floor(id / itemsATenant), version: 0 });
  },
);

export const touch = spacetimedb.reducer({ id: t.u32() }, (ctx, { id }) => {
  const found = ctx.db.item.id.find(id);
  if (found) ctx.db.item.id.update({ ...found, version: found.version + 1 });
});
