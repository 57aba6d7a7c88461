import { schema, t, table } from 'spacetimedb/server';

// Rows of about 100 bytes with two indexes.

const record = table(
  { name: 'record', public: true },
  { id: t.u32().primaryKey(), owner: t.u32().index('btree'), at: t.u64(), text: t.string() },
);

const spacetimedb = schema({ record });
export default spacetimedb;

const textChars = 80;
const recordsAnOwner = 20;

export const fill = spacetimedb.reducer({ from: t.u32(), to: t.u32() }, (ctx, { from, to }) => {
  for (let id = from; id < to; id++) {
    const text = `record ${id} `.padEnd(textChars, 'abcdefghij');
    ctx.db.record.insert({ id, owner: Math.floor(id / recordsAnOwner), at: BigInt(id), text });
  }
});

export const touch = spacetimedb.reducer({ id: t.u32() }, (ctx, { id }) => {
  const found = ctx.db.record.id.find(id);
  if (found) ctx.db.record.id.update({ ...found, at: found.at + 1n });
});
