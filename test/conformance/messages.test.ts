import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Bindings,
  bindingsOf,
  type Connection,
  type ConnectOptions,
  connect,
  failureOf,
  type Row,
  rowsOf,
  subscribe,
  tableOf,
  until,
} from './support/client.ts';
import { TestHost } from './support/host.ts';

let host: TestHost;
let bindings: Bindings;
let databases = 0;

beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 300 });
  bindings = await bindingsOf('basic');
});
afterAll(() => host.close());

/** A database of its own for each test. */
async function fresh(): Promise<{ name: string; join: (options?: ConnectOptions) => Promise<Connection> }> {
  databases += 1;
  const name = `basic-${databases}`;
  await host.publish(name, 'basic');
  return { name, join: (options) => connect(host, bindings, name, options) };
}

const labels = (connection: Connection) =>
  rowsOf(connection, 'item')
    .map((row) => row['label'])
    .sort();

function record(connection: Connection, table: string): string[] {
  const seen: string[] = [];
  const name = (row: Row) => String(row['label'] ?? row['colour'] ?? row['id']);
  const cache = tableOf(connection, table);
  cache.onInsert((context, row) => seen.push(`${context.event.tag} + ${name(row)}`));
  cache.onDelete((context, row) => seen.push(`${context.event.tag} - ${name(row)}`));
  cache.onUpdate?.((context, before, after) =>
    seen.push(`${context.event.tag} ${name(before)} ${before['size']} > ${after['size']}`),
  );
  return seen;
}

describe('outcomes of a reducer', () => {
  it('[SERVE1] the caller has its own rows when its call resolves', async () => {
    const { join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM item');
    await alice.reducers['add']?.({ label: 'a', size: 1 });
    expect(labels(alice)).toEqual(['a']);
  });

  it('[WIRE1] the caller sees its delta once, as the reducer’s; others as a transaction', async () => {
    const { join } = await fresh();
    const [alice, bob] = await Promise.all([join(), join()]);
    await Promise.all([subscribe(alice, 'SELECT * FROM item'), subscribe(bob, 'SELECT * FROM item')]);
    const [seenByAlice, seenByBob] = [record(alice, 'item'), record(bob, 'item')];
    await alice.reducers['add']?.({ label: 'a', size: 1 });
    await alice.reducers['resize']?.({ label: 'a', size: 2 });
    await alice.reducers['remove']?.({ label: 'a' });
    expect(seenByAlice).toEqual(['Reducer + a', 'Reducer a 1 > 2', 'Reducer - a']);
    await until('bob has seen all', () => seenByBob.length >= 3);
    expect(seenByBob).toEqual(['Transaction + a', 'Transaction a 1 > 2', 'Transaction - a']);
  });

  it('[MOD24] a SenderError’s text reaches its caller, and nothing of the call is left', async () => {
    const { join, name } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM item');
    const failure = await failureOf(alice.reducers['refuse']?.({ why: 'no luck today' }));
    expect(failure?.message).toBe('no luck today');
    expect(failure?.name).toBe('SenderError');
    expect(labels(alice)).toEqual([]);
    expect(await host.rows(name, 'SELECT * FROM item')).toEqual([]);
  });

  it('[MOD24] any other error is one constant text for the caller, and told in the log', async () => {
    const { join, name } = await fresh();
    const alice = await join();
    const failure = await failureOf(alice.reducers['crash']?.());
    expect(failure?.name).toBe('InternalError');
    expect(failure?.message).toBe('The instance encountered a fatal error.');
    const errors = (await host.logs(name)).filter(({ level }) => level === 'Error');
    expect(errors.some(({ message }) => message.includes('a secret of the module'))).toBe(true);
    expect(await host.rows(name, 'SELECT * FROM item')).toEqual([]);
  });

  it('[MOD23] a broken constraint that nobody catches ends the call', async () => {
    const { join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM item');
    expect((await failureOf(alice.reducers['collide']?.({ label: 'x' })))?.name).toBe('InternalError');
    expect(labels(alice)).toEqual([]);
  });

  it('[MOD24] what a reducer returns goes nowhere', async () => {
    const { join } = await fresh();
    const alice = await join();
    expect(await alice.reducers['answer']?.()).toBeUndefined();
  });

  it.each(['spin', 'spinInCalls'])(
    '[MOD60] %s: an endless reducer is ended and undone, and others go on',
    async (fn) => {
      const { join, name } = await fresh();
      const [alice, bob] = await Promise.all([join(), join()]);
      await subscribe(bob, 'SELECT * FROM item');
      const [failure] = await Promise.all([
        failureOf(alice.reducers[fn]?.()),
        bob.reducers['add']?.({ label: 'b', size: 1 }),
      ]);
      expect(failure?.name).toBe('InternalError');
      expect(labels(bob)).toEqual(['b']);
      await alice.reducers['add']?.({ label: 'a', size: 1 });
      expect(await host.rows(name, 'SELECT label FROM item')).toHaveLength(2);
    },
  );

  it('[MOD62] calls that came together with an endless one are answered, each in its order', async () => {
    const { join, name } = await fresh();
    const [alice, bob] = await Promise.all([join(), join()]);
    const order: string[] = [];
    const call = (connection: Connection, fn: string, args?: Row) =>
      Promise.resolve(connection.reducers[fn]?.(args)).then(
        () => order.push(`${fn} ${args?.['label']}`),
        () => order.push(`${fn} fails`),
      );
    await Promise.all([
      call(alice, 'add', { label: 'a1', size: 1 }),
      call(alice, 'spin'),
      call(alice, 'add', { label: 'a2', size: 1 }),
      call(bob, 'add', { label: 'b', size: 1 }),
    ]);
    const ofAlice = order.filter((entry) => entry !== 'add b');
    expect(ofAlice).toEqual(['add a1', 'spin fails', 'add a2']);
    expect(await host.rows(name, 'SELECT label FROM item')).toHaveLength(3);
  });

  it('[MOD14] life-cycle reducers and unknown ones cannot be called', async () => {
    const { name } = await fresh();
    expect((await host.call(name, 'init')).status).toBe(400);
    expect((await host.call(name, 'on_connect')).status).toBe(400);
    expect((await host.call(name, 'nobody')).status).toBe(404);
  });
});

describe('subscriptions', () => {
  it('[WIRE2] others hear nothing of a commit that changes none of their rows', async () => {
    const { join } = await fresh();
    const [alice, bob] = await Promise.all([join(), join()]);
    await subscribe(bob, 'SELECT * FROM item WHERE size > 10');
    await subscribe(alice, 'SELECT * FROM item');
    const seen = record(bob, 'item');
    for (const size of [1, 2, 3]) await alice.reducers['add']?.({ label: `s${size}`, size });
    await alice.reducers['thereAndBack']?.({ label: 'gone' });
    await alice.reducers['add']?.({ label: 'big', size: 11 });
    await until('bob sees the big one', () => seen.length > 0);
    expect(seen).toEqual(['Transaction + big']);
  });

  it('[WIRE3] a row that begins and ceases to match is an insert and a delete', async () => {
    const { join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM item WHERE size >= 10');
    const seen = record(alice, 'item');
    await alice.reducers['add']?.({ label: 'a', size: 9 });
    await alice.reducers['resize']?.({ label: 'a', size: 10 });
    await alice.reducers['resize']?.({ label: 'a', size: 11 });
    await alice.reducers['resize']?.({ label: 'a', size: 1 });
    expect(seen).toEqual(['Reducer + a', 'Reducer a 10 > 11', 'Reducer - a']);
  });

  it('[WIRE4] a row matched by several queries and sets is one row until the last lets go', async () => {
    const { join } = await fresh();
    const alice = await join();
    const first = await subscribe(alice, 'SELECT * FROM item', 'SELECT * FROM item WHERE size < 5');
    await subscribe(alice, "SELECT * FROM item WHERE label = 'a'");
    const seen = record(alice, 'item');
    await alice.reducers['add']?.({ label: 'a', size: 1 });
    await alice.reducers['add']?.({ label: 'b', size: 9 });
    expect(labels(alice)).toEqual(['a', 'b']);
    await new Promise<void>((resolve) => first.unsubscribeThen(() => resolve()));
    expect(labels(alice)).toEqual(['a']);
    await alice.reducers['remove']?.({ label: 'a' });
    expect(labels(alice)).toEqual([]);
    expect(seen).toEqual(['Reducer + a', 'Reducer + b', 'UnsubscribeApplied - b', 'Reducer - a']);
  });

  it('[WIRE5] everything at once: SELECT * FROM * is every public table', async () => {
    const { join, name } = await fresh();
    await host.call(name, 'add', ['a', 1]);
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM *');
    expect(labels(alice)).toEqual(['a']);
    expect(rowsOf(alice, 'diary').length).toBeGreaterThan(0);
    await alice.reducers['addPart']?.({ itemId: 1n, colour: 'red' });
    expect(rowsOf(alice, 'part')).toMatchObject([{ itemId: 1n, colour: 'red' }]);
  });

  it('[WIRE6] a query that cannot be answered says why, with its text', async () => {
    const { join } = await fresh();
    const alice = await join();
    const failure = async (sql: string) => (await failureOf(subscribe(alice, sql)))?.message ?? 'none';
    const unknown = (table: string) => `no such table: \`${table}\`. If the table exists, it may be marked private.`;
    expect(await failure('SELECT * FROM nothing')).toBe(`${unknown('nothing')}, executing: \`SELECT * FROM nothing\``);
    expect(await failure('SELECT * FROM secret')).toContain(unknown('secret'));
    expect(await failure('SELECT * FROM item WHERE nope = 1')).toContain('nope');
    expect(await failure('SELECT label FROM item')).not.toBe('none');
    expect(await failure('SELECT item.* FROM item JOIN part ON item.size = part.colour')).not.toBe('none');
    expect(await failure('SELECT * FROM item JOIN part ON item.id = part.item_id')).not.toBe('none');
    expect(await failure('gibberish')).not.toBe('none');
    expect(alice.isActive).toBe(true);
    await subscribe(alice, 'SELECT * FROM item');
  });

  it('[WIRE7] a join shows rows once however many partners they have', async () => {
    const { join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT item.* FROM item JOIN part ON item.id = part.item_id');
    await alice.reducers['add']?.({ label: 'a', size: 1 });
    const seen = record(alice, 'item');
    await subscribe(alice, 'SELECT * FROM part');
    await alice.reducers['addPart']?.({ itemId: 1n, colour: 'red' });
    await alice.reducers['addPart']?.({ itemId: 1n, colour: 'blue' });
    await alice.reducers['removePart']?.({ id: 1n });
    expect(labels(alice)).toEqual(['a']);
    await alice.reducers['resize']?.({ label: 'a', size: 5 });
    await alice.reducers['removePart']?.({ id: 2n });
    expect(seen).toEqual(['Reducer + a', 'Reducer a 1 > 5', 'Reducer - a']);
  });

  it('[STORE6] rows of an event table are shown to subscribers and kept nowhere', async () => {
    const { join, name } = await fresh();
    const [alice, bob] = await Promise.all([join(), join()]);
    await Promise.all([subscribe(alice, 'SELECT * FROM spark'), subscribe(bob, 'SELECT * FROM spark WHERE heat > 5')]);
    const [byAlice, byBob] = [record(alice, 'spark'), record(bob, 'spark')];
    await alice.reducers['glow']?.({ colour: 'red', heat: 1 });
    await alice.reducers['glow']?.({ colour: 'blue', heat: 9 });
    await until('bob has seen it', () => byBob.length > 0);
    expect(byAlice).toEqual(['Reducer + red', 'Reducer + blue']);
    expect(byBob).toEqual(['Transaction + blue']);
    expect(await host.rows(name, 'SELECT * FROM spark')).toEqual([]);
    const carol = await join();
    await subscribe(carol, 'SELECT * FROM spark');
    expect(rowsOf(carol, 'spark')).toEqual([]);
  });

  it('[SERVE2] unconfirmed reads show the same', async () => {
    const { join } = await fresh();
    const alice = await join({ confirmed: false });
    await subscribe(alice, 'SELECT * FROM item');
    await Promise.all(Array.from({ length: 50 }, (_, i) => alice.reducers['add']?.({ label: `${i}`, size: i })));
    expect(labels(alice)).toHaveLength(50);
  });

  it('[SOCK3] pipelined calls are answered in their order', async () => {
    const { join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM item');
    const order: number[] = [];
    const calls = Array.from({ length: 300 }, async (_, i) => {
      await failureOf(
        i % 7 === 0 ? alice.reducers['refuse']?.({ why: 'x' }) : alice.reducers['add']?.({ label: `${i}`, size: i }),
      );
      order.push(i);
    });
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(rowsOf(alice, 'item').map((row) => Number(row['size']))).toEqual(
      Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 7 !== 0),
    );
  });

  it('[WIRE8] a large first answer and what follows it arrive in order, compressed or not', async () => {
    const { join, name } = await fresh();
    for (const prefix of ['n', 'm', 'o', 'p']) await host.call(name, 'add_many', [5_000, prefix]);
    for (const compression of ['gzip', 'none'] as const) {
      const alice = await join({ compression });
      const applied = subscribe(alice, 'SELECT * FROM item');
      const removed = alice.reducers['remove']?.({ label: `n${compression === 'gzip' ? 1 : 2}` });
      await Promise.all([applied, removed]);
      expect(labels(alice)).toHaveLength(compression === 'gzip' ? 19_999 : 19_998);
    }
  });
});

describe('the life of a connection', () => {
  it('[SERVE3] a connect hook that refuses tells why', async () => {
    const { join, name } = await fresh();
    const alice = await join();
    await host.call(name, 'ban', [`0x${alice.identity.toHexString()}`]);
    const token = alice.token;
    alice.disconnect();
    const failure = await failureOf(join({ token }));
    expect(failure).toBeDefined();
    const call = await host.call(name, 'nothing', [], token);
    expect([call.status, call.text]).toEqual([403, 'you are banned']);
  });

  it('[HOOK1] hooks run once for each connection, with its identity and id', async () => {
    const { join, name } = await fresh();
    const bob = await join();
    await subscribe(bob, 'SELECT * FROM diary');
    const alice = await join();
    const { identity, connectionId } = alice;
    alice.disconnect();
    const ofAlice = () => rowsOf(bob, 'diary').filter((row) => (row['sender'] as typeof identity).isEqual(identity));
    await until('alice has gone', () => ofAlice().length === 2);
    expect(ofAlice().map((row) => row['what'])).toEqual(['connect', 'disconnect']);
    for (const row of ofAlice()) expect((row['connection'] as typeof connectionId).isEqual(connectionId)).toBe(true);
    expect(await host.rows(name, "SELECT * FROM diary WHERE what = 'init'")).toHaveLength(1);
  });

  it('[HOOK2] init runs as the owner, without a connection', async () => {
    const { name } = await fresh();
    const [row] = (await host.rows(name, "SELECT sender, connection FROM diary WHERE what = 'init'")) as unknown[][];
    const owner = host.host.operator.identity.toString(16).padStart(64, '0');
    expect(row).toEqual([[`0x${owner}`], [1, []]]);
  });
});
