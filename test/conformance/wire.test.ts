import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/client.ts';
import { TestHost } from './support/host.ts';
import { type Message, RawClient, textAndNumber } from './support/raw.ts';

let host: TestHost;
let databases = 0;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 500 });
});
afterAll(() => host.close());

async function fresh(): Promise<string> {
  databases += 1;
  const name = `wire-${databases}`;
  await host.publish(name, 'basic');
  return name;
}

async function join(name: string, options: Parameters<typeof RawClient.open>[2] = {}): Promise<RawClient> {
  const client = await RawClient.open(host, name, options);
  expect((await client.next()).tag).toBe('InitialConnection');
  return client;
}

const rowBytes = (list: { rowsData: Uint8Array }) => list.rowsData.length;

describe('[SOCK1] opening', () => {
  it('the first message says who and which connection', async () => {
    const name = await fresh();
    const client = await RawClient.open(host, name, { token: host.token });
    const { tag, value } = await client.next();
    expect(tag).toBe('InitialConnection');
    expect(value.identity.__identity__).toBe(host.host.operator.identity);
    expect(value.token).toBe(host.token);
    expect(value.connectionId.__connection_id__).not.toBe(0n);
  });

  it.each([
    ['no database', 'nowhere', {}, '404'],
    ['a bad token', 'wire-1', { token: 'x' }, '401'],
    ['a reserved connection', 'wire-1', { query: 'connection_id=00000000000000000000000000000000' }, '400'],
    ['an unknown protocol', 'wire-1', { protocol: 'v9.bsatn.spacetimedb' }, '400 no valid protocol selected'],
  ])('refuses %s', async (_, name, options, text) => {
    await expect(RawClient.open(host, name, options)).rejects.toThrow(text);
  });

  it('a connect hook that refuses closes with its reason', async () => {
    const name = await fresh();
    const alice = await RawClient.open(host, name);
    const { value } = await alice.next();
    await host.call(name, 'ban', [`0x${value.identity.__identity__.toString(16).padStart(64, '0')}`]);
    const again = await RawClient.open(host, name, { token: value.token });
    expect(await again.closed).toEqual({ code: 1011, reason: 'you are banned' });
  });
});

describe('[SOCK3] answers', () => {
  it.each(['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'])(
    'come in the order of the questions: %s',
    async (protocol) => {
      const name = await fresh();
      const client = await join(name, { protocol });
      const send = (act: () => void) => act();
      send(() => client.subscribe(1, 10, 'SELECT * FROM item'));
      send(() => client.call(2, 'add', textAndNumber('a', 1)));
      send(() => client.query(3, 'SELECT * FROM item'));
      send(() => client.call(4, 'refuse', textAndNumber('no', 0).subarray(0, 6)));
      send(() => client.call(5, 'crash'));
      send(() => client.call(6, 'nobody'));
      send(() => client.call(7, 'init'));
      send(() => client.subscribe(8, 10, 'SELECT * FROM item'));
      send(() => client.subscribe(9, 11, 'SELECT * FROM secret'));
      send(() => client.query(10, 'SELECT * FROM nothing'));
      send(() => client.unsubscribe(11, 10));
      send(() => client.unsubscribe(12, 10));
      send(() => client.unsubscribe(13, 99, false));
      const answers: Message[] = [];
      for (let i = 0; i < 13; i++) answers.push(await client.next());
      expect(answers.map(({ tag, value }) => [tag, value.requestId])).toEqual([
        ['SubscribeApplied', 1],
        ['ReducerResult', 2],
        ['OneOffQueryResult', 3],
        ['ReducerResult', 4],
        ['ReducerResult', 5],
        ['ReducerResult', 6],
        ['ReducerResult', 7],
        ['SubscriptionError', 8],
        ['SubscriptionError', 9],
        ['OneOffQueryResult', 10],
        ['UnsubscribeApplied', 11],
        ['SubscriptionError', 12],
        ['SubscriptionError', 13],
      ]);
      const outcomes = answers.filter(({ tag }) => tag === 'ReducerResult').map(({ value }) => value.result.tag);
      expect(outcomes).toEqual(['Ok', 'Err', 'InternalError', 'InternalError', 'InternalError']);
      const ok = answers[1]?.value.result.value.transactionUpdate.querySets;
      expect(ok.map((set: { querySetId: { id: number } }) => set.querySetId.id)).toEqual([10]);
      expect(answers[3]?.value.result.value).toEqual(new Uint8Array([2, 0, 0, 0, 110, 111]));
      expect(answers[4]?.value.result.value).toBe('The instance encountered a fatal error.');
      expect(answers[10]?.value.rows.tables).toHaveLength(1);
      expect(client.messages).toHaveLength(14);
    },
  );

  it('the caller’s own rows come in its result only; an unchanged commit tells others nothing', async () => {
    const name = await fresh();
    const [alice, bob] = [await join(name), await join(name)];
    for (const client of [alice, bob]) client.subscribe(1, 1, 'SELECT * FROM item');
    expect([(await alice.next()).tag, (await bob.next()).tag]).toEqual(['SubscribeApplied', 'SubscribeApplied']);
    alice.call(2, 'nothing');
    alice.call(3, 'add', textAndNumber('a', 1));
    alice.call(4, 'thereAndBack');
    const answers = [await alice.next(), await alice.next(), await alice.next()];
    expect(answers.map(({ tag }) => tag)).toEqual(['ReducerResult', 'ReducerResult', 'ReducerResult']);
    expect(answers[0]?.value.result.value.transactionUpdate.querySets).toEqual([]);
    alice.call(5, 'add', textAndNumber('b', 1));
    await alice.next();
    expect((await bob.next()).tag).toBe('TransactionUpdate');
    expect((await bob.next()).tag).toBe('TransactionUpdate');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bob.messages).toHaveLength(4);
    expect(alice.messages).toHaveLength(6);
  });

  it('a row matched by two queries of a set is sent twice, the same query once; a second partner sends it again', async () => {
    const name = await fresh();
    const client = await join(name);
    client.subscribe(1, 1, 'SELECT * FROM item', 'SELECT * FROM item WHERE size < 5', 'SELECT * FROM item');
    client.subscribe(2, 2, 'SELECT item.* FROM item JOIN part ON item.id = part.item_id');
    await client.next();
    await client.next();
    client.call(3, 'add', textAndNumber('a', 1));
    const { value } = await client.next();
    const [set] = value.result.value.transactionUpdate.querySets;
    const oneRow = 8 + 32 + 4 + 1 + 4;
    const bytesOf = (tables: { rows: { value: { inserts: { rowsData: Uint8Array } } }[] }[]) =>
      tables.flatMap(({ rows }) => rows.map((row) => rowBytes(row.value.inserts))).reduce((a, b) => a + b, 0);
    expect(bytesOf(set.tables)).toBe(2 * oneRow);
    const part = (itemId: number) => {
      const args = Buffer.alloc(8 + 4 + 1);
      args.writeBigUInt64LE(BigInt(itemId));
      args.writeUInt32LE(1, 8);
      return args;
    };
    for (const requestId of [4, 5]) {
      client.call(requestId, 'add_part', part(1));
      const answer = await client.next();
      const sets = answer.value.result.value.transactionUpdate.querySets;
      expect(sets.map((entry: { querySetId: { id: number } }) => entry.querySetId.id)).toEqual([2]);
      expect(bytesOf(sets[0].tables)).toBe(oneRow);
    }
  });

  it('an update is a delete and an insert in one message', async () => {
    const name = await fresh();
    const client = await join(name);
    client.subscribe(1, 1, 'SELECT * FROM item');
    client.call(2, 'add', textAndNumber('a', 1));
    client.call(3, 'resize', textAndNumber('a', 2));
    await client.next();
    await client.next();
    const { value } = await client.next();
    const [set] = value.result.value.transactionUpdate.querySets;
    const [rows] = set.tables[0].rows;
    expect([set.tables.length, rows.tag]).toEqual([1, 'PersistentTable']);
    expect(rowBytes(rows.value.inserts)).toBe(rowBytes(rows.value.deletes));
    expect(rowBytes(rows.value.inserts)).toBeGreaterThan(0);
  });

  it('dropped rows are sent when they are asked for', async () => {
    const name = await fresh();
    const client = await join(name);
    client.call(1, 'add', textAndNumber('a', 1));
    await client.next();
    client.subscribe(2, 1, 'SELECT * FROM item');
    const applied = await client.next();
    client.unsubscribe(3, 1, true);
    const dropped = await client.next();
    expect(dropped.value.rows).toEqual(applied.value.rows);
    client.subscribe(4, 1, 'SELECT * FROM item');
    await client.next();
    client.unsubscribe(5, 1, false);
    expect((await client.next()).value.rows).toBeUndefined();
  });

  it('a snapshot and what follows fit without gap or repeat, whenever it is taken', async () => {
    const name = await fresh();
    const [writer, reader] = [await join(name), await join(name)];
    const count = 200;
    for (let i = 0; i < count; i++) {
      writer.call(i, 'add', textAndNumber(`row ${String(i).padStart(4, '0')}`, i));
      if (i % 20 === 10) reader.subscribe(i, i, 'SELECT * FROM item');
    }
    const rows = new Map<number, number>();
    const oneRow = 8 + 32 + 4 + 8 + 4;
    await until('all is there', () => {
      rows.clear();
      for (const { tag, value } of reader.messages) {
        if (tag === 'SubscribeApplied')
          rows.set(value.querySetId.id, value.rows.tables[0].rows.rowsData.length / oneRow);
        if (tag === 'SubscriptionError') throw new Error(value.error);
        if (tag !== 'TransactionUpdate') continue;
        for (const set of value.querySets) {
          const before = rows.get(set.querySetId.id);
          if (before === undefined) throw new Error('an update came before its snapshot');
          rows.set(set.querySetId.id, before + rowBytes(set.tables[0].rows[0].value.inserts) / oneRow);
        }
      }
      return rows.size === 10 && [...rows.values()].every((sum) => sum === count);
    });
  });
});

describe('[SOCK2] what is no message', () => {
  it.each([
    ['random bytes', Buffer.from('ffffffffffffffff', 'hex')],
    ['half a message', Buffer.from('00010000', 'hex')],
    ['nothing but an unknown tag', Buffer.of(9)],
  ])('%s end the connection with a reason, and only that one', async (_, bytes) => {
    const name = await fresh();
    const [bad, good] = [await join(name), await join(name)];
    bad.sendBytes(bytes);
    const { code, reason } = await bad.closed;
    expect([code, reason]).toEqual([1011, expect.stringMatching(/.+/)]);
    good.call(1, 'nothing');
    expect((await good.next()).tag).toBe('ReducerResult');
  });

  it('text frames are refused', async () => {
    const client = await join(await fresh());
    client.sendBytes('hello');
    expect((await client.closed).code).not.toBe(1006);
  });

  it('arguments that do not decode fail the call only', async () => {
    const name = await fresh();
    const client = await join(name);
    client.call(1, 'add', Buffer.from('05000000', 'hex'));
    client.call(2, 'add', Buffer.from('ffffffff', 'hex'));
    client.call(3, 'add', textAndNumber('a', 1));
    const outcomes: string[] = [];
    for (let i = 0; i < 3; i++) outcomes.push((await client.next()).value.result.tag);
    expect(outcomes).toEqual(['InternalError', 'InternalError', 'Ok']);
  });

  it('a message above 32 MiB ends the connection', async () => {
    const client = await join(await fresh());
    client.sendBytes(Buffer.alloc(33 * 1024 * 1024));
    expect([1006, 1009]).toContain((await client.closed).code);
  });

  it('a burst of more than 16384 messages is handled or ended with 1013, and the host goes on', async () => {
    const name = await fresh();
    const client = await join(name);
    const call = Buffer.concat([Buffer.of(3, 1, 0, 0, 0, 0, 7, 0, 0, 0), Buffer.from('nothing'), Buffer.alloc(4)]);
    client.sendBytes(Buffer.concat(Array.from({ length: 20_000 }, () => call)));
    const { code } = await client.closed;
    expect(code).toBe(1013);
    const other = await join(name);
    other.call(1, 'nothing');
    expect((await other.next()).tag).toBe('ReducerResult');
  });
});

describe('[WIRE6] compression', () => {
  it.each([
    ['Gzip', 2],
    ['Brotli', 1],
    ['None', 0],
  ])('%s: frames above 1 KiB only', async (compression, tag) => {
    const name = await fresh();
    await host.call(name, 'add_many', [500, 'n']);
    const client = await join(name, { query: `compression=${compression}` });
    client.subscribe(1, 1, 'SELECT * FROM item');
    const applied = await client.next();
    expect(rowBytes(applied.value.rows.tables[0].rows)).toBeGreaterThan(1024);
    client.call(2, 'nothing');
    await client.next();
    expect(client.frameTags).toEqual([0, tag, 0]);
  });
});

describe('[SERVE4] the end', () => {
  it('tells every client that the host goes away', async () => {
    const name = await fresh();
    const client = await join(name);
    await host.host.close();
    expect((await client.closed).code).toBe(1001);
    await host.open();
    const rows = (await host.rows(name, "SELECT what FROM diary WHERE what <> 'init'")) as string[][];
    expect(rows.map(([what]) => what)).toEqual(['connect', 'disconnect', 'connect']);
  });
});
