import { ScheduleAt } from 'spacetimedb';
import { Router, SenderError, SyncResponse, schema, t, table } from 'spacetimedb/server';

// A module with one of everything that the testing kit has to deal with.

const Level = t.enum('Level', { low: t.unit(), urgent_until: t.timestamp() });

const note = table(
  { name: 'note' },
  {
    id: t.u64().primaryKey().autoInc(),
    owner: t.identity().index('btree'),
    text_body: t.string(),
    level: Level,
    answer_to: t.option(t.u64()),
  },
);

const reminder = table(
  { name: 'reminder' },
  { id: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), text: t.string() },
);

const visit = table({ name: 'visit', public: true }, { visitor: t.identity(), isHere: t.bool(), at: t.timestamp() });
const bell = table({ name: 'bell', public: true, event: true }, { tone: t.u32() });
const lookup = table(
  { name: 'lookup' },
  { id: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), word: t.string() },
);
const dice = table({ name: 'dice' }, { id: t.u32().primaryKey().autoInc(), eyes: t.u32() });

const spacetimedb = schema({ note, reminder, visit, bell, lookup, dice });
export default spacetimedb;

export const onConnect = spacetimedb.clientConnected((ctx) => {
  if (ctx.senderAuth.jwt?.subject === 'mallory') throw new SenderError('you are not welcome');
  ctx.db.visit.insert({ visitor: ctx.sender, isHere: true, at: ctx.timestamp });
});

export const onDisconnect = spacetimedb.clientDisconnected((ctx) => {
  ctx.db.visit.insert({ visitor: ctx.sender, isHere: false, at: ctx.timestamp });
});

export const writeNote = spacetimedb.reducer(
  { text: t.string(), level: Level, answer_to: t.option(t.u64()) },
  (ctx, { text, level, answer_to }) => {
    if (text === '') throw new SenderError('the note is empty');
    ctx.db.note.insert({ id: 0n, owner: ctx.sender, text_body: text, level, answer_to });
  },
);

export const removeNotes = spacetimedb.reducer((ctx) => {
  ctx.db.note.owner.delete(ctx.sender);
});

export const remind = spacetimedb.reducer({ afterMs: t.u32(), text: t.string() }, (ctx, { afterMs, text }) => {
  const micros = ctx.timestamp.microsSinceUnixEpoch + BigInt(afterMs) * 1000n;
  ctx.db.reminder.insert({ id: 0n, scheduledAt: ScheduleAt.time(micros), text });
});

export const remindEvery = spacetimedb.reducer({ everyMs: t.u32(), text: t.string() }, (ctx, { everyMs, text }) => {
  ctx.db.reminder.insert({ id: 0n, scheduledAt: ScheduleAt.interval(BigInt(everyMs) * 1000n), text });
});

export const fireReminder = spacetimedb.reducer(
  { onSchedule: reminder },
  { row: reminder.rowType },
  (ctx, { row: { text } }) => {
    const level = { tag: 'urgent_until' as const, value: ctx.timestamp };
    ctx.db.note.insert({ id: 0n, owner: ctx.sender, text_body: text, level, answer_to: undefined });
  },
);

let callCount = 0;

/** Notes how often it was called, as far as the module's own memory goes. */
export const count = spacetimedb.reducer((ctx) => {
  callCount += 1;
  const level = { tag: 'low' as const };
  ctx.db.note.insert({ id: 0n, owner: ctx.sender, text_body: `${callCount}`, level, answer_to: undefined });
});

export const ring = spacetimedb.reducer({ tone: t.u32() }, (ctx, { tone }) => {
  ctx.db.bell.insert({ tone });
});

export const roll = spacetimedb.reducer((ctx) => {
  ctx.db.dice.insert({ id: 0, eyes: ctx.random.integerInRange(1, 6) });
});

export const stumble = spacetimedb.reducer((ctx) => {
  ctx.db.dice.insert({ id: 0, eyes: 0 });
  throw new TypeError('over its own feet');
});

export const spin = spacetimedb.reducer((ctx) => {
  for (;;) ctx.db.note.count();
});

export const myNotes = spacetimedb.view({ name: 'my_notes', public: true }, t.array(note.rowType), (ctx) =>
  ctx.from.note.where((row) => row.owner.eq(ctx.sender)),
);

const Meaning = t.object('Meaning', { word: t.string(), text_body: t.option(t.string()), found_at: t.timestamp() });

/** Looks a word up in the outside world, and keeps what it says. */
export const explain = spacetimedb.procedure({ word: t.string() }, Meaning, (ctx, { word }) => {
  if (word === '') throw new SenderError('there is no word');
  const response = ctx.http.fetch(`https://dictionary.example/${word}`);
  if (response.status === 404) return { word, text_body: undefined, found_at: ctx.timestamp };
  const text = response.text();
  return ctx.withTx((tx) => {
    const level = { tag: 'low' as const };
    tx.db.note.insert({ id: 0n, owner: tx.sender, text_body: text, level, answer_to: undefined });
    return { word, text_body: text, found_at: tx.timestamp };
  });
});

export const explainLater = spacetimedb.reducer({ word: t.string(), afterMs: t.u32() }, (ctx, { word, afterMs }) => {
  const micros = ctx.timestamp.microsSinceUnixEpoch + BigInt(afterMs) * 1000n;
  ctx.db.lookup.insert({ id: 0n, scheduledAt: ScheduleAt.time(micros), word });
});

/** Asks for its word, and then for the same word again a minute later, for as long as there is an answer. */
export const runLookup = spacetimedb.procedure(
  { onSchedule: lookup },
  { row: lookup.rowType },
  t.unit(),
  (ctx, { row: { word } }) => {
    if (ctx.http.fetch(`https://dictionary.example/${word}`).status !== 200) return {};
    ctx.withTx((tx) => {
      tx.db.dice.insert({ id: 0, eyes: Number(tx.timestamp.microsSinceUnixEpoch / 60_000_000n) % 60 });
      const micros = tx.timestamp.microsSinceUnixEpoch + 60_000_000n;
      tx.db.lookup.insert({ id: 0n, scheduledAt: ScheduleAt.time(micros), word });
    });
    return {};
  },
);

const postNote = spacetimedb.httpHandler((ctx, request) => {
  const text = request.text();
  if (text === '') return new SyncResponse('the note is empty', { status: 422 });
  const level = { tag: 'low' as const };
  ctx.withTx((tx) => tx.db.note.insert({ id: 0n, owner: tx.sender, text_body: text, level, answer_to: undefined }));
  return new SyncResponse(text.toUpperCase(), {
    status: 201,
    headers: { 'x-kind': request.headers.get('x-kind') ?? '' },
  });
});

export { postNote };

export const routes = spacetimedb.httpRouter(new Router().post('/notes', postNote));
