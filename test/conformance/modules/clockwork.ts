// @ts-expect-error a module of the host's
import { volatile_nonatomic_schedule_immediate as scheduleImmediate } from 'spacetime:sys@2.0';
import { type ConnectionId, type Identity, ScheduleAt, TimeDuration, type Timestamp } from 'spacetimedb';
import { SenderError, schema, t, table } from 'spacetimedb/server';

// What happens by itself: rows that fire once or again and again, calls outside the transaction, and what a module says to
// its log.

const once = table(
  { name: 'once', public: true },
  { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt(), note: t.string() },
);

const again = table(
  { name: 'again', public: true },
  { id: t.u64().primaryKey().autoInc(), note: t.string(), at: t.scheduleAt() },
);

const fired = table(
  { name: 'fired', public: true },
  {
    id: t.u64().primaryKey().autoInc(),
    note: t.string(),
    sender: t.identity(),
    hasConnection: t.bool(),
    at: t.timestamp(),
    due: t.option(t.timestamp()),
  },
);

const drawn = table(
  { name: 'drawn', public: true },
  { id: t.u64().primaryKey().autoInc(), kind: t.string(), value: t.string() },
);

const spacetimedb = schema({ once, again, fired, drawn });
export default spacetimedb;

interface Context {
  readonly db: { readonly fired: { insert(row: FiredRow): unknown } };
  readonly sender: Identity;
  readonly connectionId: ConnectionId | null;
  readonly timestamp: Timestamp;
}

interface FiredRow {
  id: bigint;
  note: string;
  sender: Identity;
  hasConnection: boolean;
  at: Timestamp;
  due: Timestamp | undefined;
}

function note(ctx: Context, text: string, due?: Timestamp): void {
  ctx.db.fired.insert({
    id: 0n,
    note: text,
    sender: ctx.sender,
    hasConnection: ctx.connectionId !== null,
    at: ctx.timestamp,
    due,
  });
}

export const fireOnce = spacetimedb.reducer({ onSchedule: once }, { row: once.rowType }, (ctx, { row }) => {
  if (row.note === 'throw') throw new Error('a scheduled reducer throws');
  if (row.note === 'refuse') throw new SenderError('a scheduled reducer refuses');
  note(ctx, row.note, row.at.tag === 'Time' ? row.at.value : undefined);
  if (row.note.startsWith('chain')) {
    const left = Number(row.note.slice(5));
    const at = ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch);
    if (left > 0) ctx.db.once.insert({ id: 0n, at, note: `chain${left - 1}` });
  }
});

export const fireAgain = spacetimedb.reducer({ onSchedule: again }, { row: again.rowType }, (ctx, { row }) => {
  note(ctx, row.note);
  if (row.note === 'three times' && [...ctx.db.fired.iter()].filter((f) => f.note === row.note).length >= 3) {
    ctx.db.again.id.delete(row.id);
  }
});

export const plan = spacetimedb.reducer({ note: t.string(), inMs: t.i64() }, (ctx, { note, inMs }) => {
  const at = ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + inMs * 1000n);
  ctx.db.once.insert({ id: 0n, at, note });
});

export const planThenFail = spacetimedb.reducer((ctx) => {
  ctx.db.once.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch), note: 'never' });
  throw new SenderError('no');
});

export const move = spacetimedb.reducer({ id: t.u64(), inMs: t.i64() }, (ctx, { id, inMs }) => {
  const row = ctx.db.once.id.find(id);
  if (row) ctx.db.once.id.update({ ...row, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + inMs * 1000n) });
});

export const repeat = spacetimedb.reducer({ note: t.string(), everyMs: t.i64() }, (ctx, { note, everyMs }) => {
  ctx.db.again.insert({ id: 0n, note, at: ScheduleAt.interval(new TimeDuration(everyMs * 1000n).micros) });
});

export const cancel = spacetimedb.reducer((ctx) => {
  ctx.db.once.clear();
  ctx.db.again.clear();
});

export const atOnce = spacetimedb.reducer({ note: t.string(), fails: t.bool() }, (ctx, { note: text, fails }) => {
  const bytes = new TextEncoder().encode(text);
  const args = new Uint8Array(4 + bytes.length);
  new DataView(args.buffer).setUint32(0, bytes.length, true);
  args.set(bytes, 4);
  scheduleImmediate('hidden', args);
  note(ctx, `${text} asked`);
  if (fails) throw new SenderError('failed after asking');
});

export const hidden = spacetimedb.reducer({ text: t.string() }, (ctx, { text }) => {
  if (text === 'refuse') throw new SenderError('what was to run at once refuses');
  note(ctx, `${text} done`);
});

export const speak = spacetimedb.reducer(() => {
  console.error('an error', { a: 1 });
  console.warn('a warning');
  console.info('some', 'information');
  console.log('a line\nof two');
  console.debug('a detail');
  console.trace('a trace');
  console.assert(true, 'not said');
  console.time('a span');
  console.timeEnd('a span');
});

export const draw = spacetimedb.reducer((ctx) => {
  const add = (kind: string, value: unknown) => ctx.db.drawn.insert({ id: 0n, kind, value: String(value) });
  add('random', ctx.random());
  add('random', ctx.random());
  add('integer', ctx.random.integerInRange(1, 6));
  add('uuid4', ctx.newUuidV4());
  add('uuid4', ctx.newUuidV4());
  add('uuid7', ctx.newUuidV7());
  add('uuid7', ctx.newUuidV7());
  add('timestamp', ctx.timestamp.microsSinceUnixEpoch);
  add('database', ctx.databaseIdentity.toHexString());
  let message = '';
  try {
    Math.random();
  } catch (error) {
    message = (error as Error).message;
  }
  add('Math.random', message === '' ? 'allowed' : 'refused');
  for (const name of ['fetch', 'setTimeout', 'process', 'require', 'WebSocket']) add(name, name in globalThis);
});

export const bye = spacetimedb.clientDisconnected((ctx) => {
  for (const row of ctx.db.fired.iter()) if (row.note === 'stay') throw new SenderError('nobody may leave');
});

export const claims = spacetimedb.reducer((ctx) => {
  const jwt = ctx.senderAuth.jwt;
  ctx.db.drawn.insert({ id: 0n, kind: 'subject', value: jwt ? `${jwt.issuer} ${jwt.subject}` : 'none' });
  ctx.db.drawn.insert({ id: 0n, kind: 'internal', value: String(ctx.senderAuth.isInternal) });
});
