import { SenderError, schema, t, table } from 'spacetimedb/server';

const textCharsMax = 2000;
const nameCharsMax = 40;

const db = schema({
  person: table(
    { name: 'person', public: true },
    { identity: t.identity().primaryKey(), name: t.string(), isOnline: t.bool() },
  ),
  message: table(
    { name: 'message', public: true },
    { id: t.u64().primaryKey().autoInc(), author: t.identity(), sentAt: t.timestamp(), text: t.string() },
  ),
});
export default db;

export const onConnect = db.clientConnected((ctx) => {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person === null) ctx.db.person.insert({ identity: ctx.sender, name: '', isOnline: true });
  else ctx.db.person.identity.update({ ...person, isOnline: true });
});

export const onDisconnect = db.clientDisconnected((ctx) => {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person !== null) ctx.db.person.identity.update({ ...person, isOnline: false });
});

export const rename = db.reducer({ name: t.string() }, (ctx, { name }) => {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person === null) throw new SenderError('Connect before you choose a name');
  ctx.db.person.identity.update({ ...person, name: fitting(name, nameCharsMax) });
});

export const send = db.reducer({ text: t.string() }, (ctx, { text }) => {
  const message = { id: 0n, author: ctx.sender, sentAt: ctx.timestamp, text: fitting(text, textCharsMax) };
  ctx.db.message.insert(message);
});

function fitting(text: string, charsMax: number): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new SenderError('Write something first');
  if (trimmed.length > charsMax) throw new SenderError(`At most ${charsMax} characters fit`);
  return trimmed;
}
