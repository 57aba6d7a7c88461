import { SenderError, schema, t, table } from 'spacetimedb/server';

// The workload of a bank: a transfer reads two rows by key and writes both.

const account = table({ name: 'account', public: true }, { id: t.u32().primaryKey(), balance: t.i64() });

const spacetimedb = schema({ account });
export default spacetimedb;

export const open = spacetimedb.reducer(
  { from: t.u32(), to: t.u32(), balance: t.i64() },
  (ctx, { from, to, balance }) => {
    for (let id = from; id < to; id++) ctx.db.account.insert({ id, balance });
  },
);

export const transfer = spacetimedb.reducer(
  { from: t.u32(), to: t.u32(), amount: t.i64() },
  (ctx, { from, to, amount }) => {
    const source = ctx.db.account.id.find(from);
    const target = ctx.db.account.id.find(to);
    if (!source || !target) throw new SenderError('no such account');
    if (source.balance < amount) throw new SenderError('insufficient funds');
    ctx.db.account.id.update({ id: from, balance: source.balance - amount });
    ctx.db.account.id.update({ id: to, balance: target.balance + amount });
  },
);
