import { connect as connectTcp } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DecodeError } from '../../bsatn/error.ts';
import type { ServerOptions } from '../server.ts';
import { type Host, startHost } from '../testing/host.fixture.ts';
import { callFrame, openRaw, type RawClient, type RawOptions, subscribeFrame } from '../testing/raw-client.fixture.ts';
import { loadSdkCodecs } from '../wire/sdk-codecs.fixture.ts';

let sdk: Awaited<ReturnType<typeof loadSdkCodecs>>;
beforeAll(async () => {
  sdk = await loadSdkCodecs();
});

const running: Host[] = [];
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  for (const host of running.splice(0)) {
    await host.server.close();
    expect(host.database.disconnected).toHaveLength(host.database.connected.length);
    expect(host.database.watcherCount).toBe(0);
  }
});

async function start(options: Partial<ServerOptions> = {}): Promise<Host> {
  const host = await startHost(options);
  running.push(host);
  return host;
}

/** Opens a socket and waits for its InitialConnection. */
async function open(host: Host, options: RawOptions = {}): Promise<RawClient> {
  const client = await openRaw(host, options);
  clients.push(client);
  await client.next();
  return client;
}

interface Tagged {
  readonly tag: string;
  readonly value: { readonly token?: unknown; readonly identity?: unknown };
}
const decode = (frame: Buffer): Tagged[] => {
  expect(frame[0]).toBe(0);
  return sdk.decodeServerMessages(frame.subarray(1)) as Tagged[];
};
const tags = (frame: Buffer): string[] => decode(frame).map(({ tag }) => tag);
const waitUntil = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('[SOCK1] the handshake', () => {
  test('chooses version 3 over 2, whatever the order of the offer', async () => {
    const host = await start();
    const both = await open(host, { protocols: ['v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'] });
    expect(both.socket.protocol).toBe('v3.bsatn.spacetimedb');
    const two = await open(host, { protocols: ['v1.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'] });
    expect(two.socket.protocol).toBe('v2.bsatn.spacetimedb');
  });

  test.each([
    ['the answer of choice', '', 1],
    ['gzip', '?compression=Gzip', 2],
    ['none', '?compression=None', 0],
  ])('compresses large frames as the client asks: %s', async (_, query, tag) => {
    const host = await start();
    for (let i = 0; i < 200; i++) host.database.insert({ id: i, name: `person ${i}` });
    const client = await open(host, { query });
    client.socket.send(subscribeFrame(1, 1));
    expect((await client.next())[0]).toBe(tag);
  });

  test('compresses nothing for the TypeScript client, which would mix up the order', async () => {
    const host = await start();
    for (let i = 0; i < 200; i++) host.database.insert({ id: i, name: `person ${i}` });
    const protocols = ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];
    const client = await open(host, { protocols, query: '?compression=Gzip' });
    client.socket.send(subscribeFrame(1, 1));
    expect((await client.next())[0]).toBe(0);
  });

  test.each<[string, RawOptions, string]>([
    ['only unknown protocols', { protocols: ['v9.bsatn.spacetimedb'] }, '400 no valid protocol selected'],
    ['no protocol', { protocols: [] }, '400 no valid protocol selected'],
    ['an unknown database', { path: '/v1/database/nobody/subscribe' }, '404 `nobody` not found'],
    ['another path', { path: '/v1/other' }, '404 WebSockets are served at /v1/database/:name/subscribe only.'],
    [
      'a bad name',
      { path: '/v1/database/%zz/subscribe' },
      '400 The database name in the path is not valid percent-encoding.',
    ],
    ['an unknown compression', { query: '?compression=zip' }, '400 compression is zip, expected None, Gzip or Brotli.'],
    [
      'no connection id',
      { query: '?connection_id=me' },
      '400 connection_id is me, expected at most 32 hex digits. Leave it out.',
    ],
    ['a bad flag', { query: '?confirmed=yes' }, '400 confirmed is yes, expected true or false.'],
    [
      'the reserved connection id',
      { query: '?connection_id=00000000000000000000000000000000' },
      '400 connection_id is 0, which is reserved. Leave it out: the server gives each connection one.',
    ],
  ])('refuses %s', async (_name, options, message) => {
    await expect(openRaw(await start(), options)).rejects.toThrow(new Error(message));
  });

  test('refuses a bad token with 401, in the query or the header', async () => {
    const host = await start();
    await expect(openRaw(host, { query: '?token=nonsense' })).rejects.toThrow(/^401 The token could not be verified/);
    const client = { headers: { authorization: 'Bearer nonsense' } };
    await expect(openRaw(host, { client })).rejects.toThrow(/^401 /);
  });

  test('takes the token from the query or the header, and gives it back first of all', async () => {
    const host = await start();
    const { token, identity } = host.owner;
    for (const options of [
      { query: `?token=${token}` },
      { client: { headers: { authorization: `Bearer ${token}` } } },
    ]) {
      const client = await openRaw(host, options);
      clients.push(client);
      const [initial] = decode(await client.next());
      expect(initial?.tag).toBe('InitialConnection');
      expect(initial?.value.token).toBe(token);
      expect(initial?.value.identity).toMatchObject({ __identity__: identity });
    }
  });

  test('gives every connection an id of its own', async () => {
    const host = await start();
    await Promise.all([open(host), open(host), open(host)]);
    const ids = host.database.connected.map((client) => client.connectionId);
    expect(new Set([...ids, 0n]).size).toBe(4);
  });

  test('a plain GET is told to upgrade', async () => {
    const host = await start();
    const answer = await fetch(`${host.url}/v1/database/people/subscribe`);
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
  });

  test('survives a client that goes away in the middle', async () => {
    const host = await start();
    const stream = connectTcp(host.port, '127.0.0.1');
    const request =
      'GET /v1/database/people/subscribe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    stream.write(`${request}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    stream.destroy();
    await open(host);
    expect(host.reported).toEqual([]);
  });
});

describe('[SOCK2] frames that are refused', () => {
  test('a text frame', async () => {
    const client = await open(await start());
    client.socket.send('hello');
    expect(await client.closed).toEqual({
      code: 1003,
      reason: 'Text frames are not understood: send BSATN in binary frames.',
    });
  });

  test('a frame that does not decode, with the reason; nothing of it is handled', async () => {
    const host = await start();
    const client = await open(host);
    client.socket.send(Buffer.concat([callFrame(1, 'add', 'Ada'), Buffer.of(9)]));
    expect(await client.closed).toEqual({
      code: 1011,
      reason: 'A frame does not decode: a message has tag 9, expected 0 to 4',
    });
    expect(host.database.batches).toEqual([]);
  });

  test('a frame above the limit', async () => {
    const client = await open(await start({ limits: { messageBytesMax: 1000 } }));
    client.socket.send(Buffer.alloc(1001));
    expect((await client.closed).code).toBe(1009);
  });

  test('more messages than may wait', async () => {
    const client = await open(await start({ limits: { incomingMessagesMax: 10 } }));
    client.socket.send(Buffer.concat(Array.from({ length: 11 }, (_, index) => callFrame(index, 'add', 'x'))));
    expect(await client.closed).toEqual({ code: 1013, reason: 'More than 10 messages wait to be handled.' });
  });

  test('any bytes end in an answer or a clean close, and never disturb another client', async () => {
    const host = await start();
    const witness = await open(host);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat(60), fc.nat(255)).map(([position, value]) => {
        const frame = Buffer.concat([callFrame(1, 'add', 'Ada'), subscribeFrame(2, 3)]);
        frame[position % frame.length] = value;
        return new Uint8Array(frame);
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.constantFrom('v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb'),
        async (frame, protocol) => {
          const client = await open(host, { protocols: [protocol] });
          client.socket.send(frame);
          client.socket.close();
          expect([1005, 1011]).toContain((await client.closed).code);
        },
      ),
      { numRuns: 150 },
    );
    witness.socket.send(callFrame(1, 'reject', ''));
    await witness.next();
    expect(host.reported).toEqual([]);
  });
});

describe('[SOCK3] batches', () => {
  test('what arrives in one turn is handed over in order, and answered in one frame', async () => {
    const host = await start();
    const client = await open(host);
    client.socket.send(Buffer.concat([subscribeFrame(1, 1), callFrame(2, 'add', 'Ada'), callFrame(3, 'reject', '')]));
    expect(tags(await client.next())).toEqual(['SubscribeApplied', 'ReducerResult', 'ReducerResult']);
    expect(host.database.batches.map((batch) => batch.map((message) => message.requestId))).toEqual([[1, 2, 3]]);
  });

  test('of a burst, clients hear before their queues are full, and it is handled in order to its end', async () => {
    const host = await start({ limits: { handledMessagesMax: 10, outgoingMessagesMax: 25 } });
    const query = '?confirmed=false&compression=None';
    const [reader, ...writers] = [
      await open(host, { query }),
      await open(host, { query }),
      await open(host, { query }),
    ];
    reader.socket.send(subscribeFrame(1, 1));
    await reader.next();
    const count = 60;
    for (const { socket } of writers) {
      socket.send(Buffer.concat(Array.from({ length: count }, (_, i) => callFrame(i, 'add', `${i}`))));
    }
    const received: string[] = [];
    while (received.length < 2 * count) received.push(...tags(await reader.next()));
    expect(received).toEqual(Array(2 * count).fill('TransactionUpdate'));
    for (const writer of writers) {
      const results: Tagged[] = [];
      while (results.length < count) results.push(...decode(await writer.next()));
      expect(results.map(({ value }) => (value as { requestId?: number }).requestId)).toEqual([...Array(count).keys()]);
    }
  });

  test('of a burst whose client leaves, all is handled in order before it has left', async () => {
    const host = await start({ limits: { handledMessagesMax: 10 } });
    const client = await open(host);
    const count = 60;
    const calls = Array.from({ length: count }, (_, i) => callFrame(i, 'add', `${i}`));
    client.socket.send(Buffer.concat(calls.slice(0, count / 2)));
    client.socket.send(Buffer.concat(calls.slice(count / 2)));
    client.socket.close();
    await waitUntil(() => host.database.disconnected.length === 1);
    expect(host.database.batches.flat().map((message) => message.requestId)).toEqual([...Array(count).keys()]);
  });

  test('version 2 clients get one frame a message', async () => {
    const host = await start();
    const client = await open(host, { protocols: ['v2.bsatn.spacetimedb'] });
    client.socket.send(subscribeFrame(1, 1));
    client.socket.send(callFrame(2, 'add', 'Ada'));
    expect(tags(await client.next())).toEqual(['SubscribeApplied']);
    expect(tags(await client.next())).toEqual(['ReducerResult']);
  });

  test('commits of one turn reach a subscriber in one frame', async () => {
    const host = await start();
    const client = await open(host);
    client.socket.send(subscribeFrame(1, 1));
    await client.next();
    for (let id = 0; id < 5; id += 1) host.database.insert({ id, name: 'x' });
    expect(tags(await client.next())).toEqual(Array(5).fill('TransactionUpdate'));
  });

  test('what a client sent before it left is handled', async () => {
    const host = await start();
    const client = await open(host);
    client.socket.send(callFrame(1, 'add', 'Ada'));
    client.socket.close();
    await client.closed;
    await waitUntil(() => host.database.disconnected.length === 1);
    expect(host.database.offset).toBe(0);
  });
});

describe('[SOCK4] a client that reads too slowly', () => {
  /** Subscribes, then stops reading: the server's writes pile up. */
  async function stall(host: Host): Promise<RawClient> {
    const client = await open(host, { query: '?confirmed=false&compression=None' });
    client.socket.send(subscribeFrame(1, 1));
    await client.next();
    client.socket.pause();
    return client;
  }

  async function metric(host: Host, name: string): Promise<number> {
    const answer = await host.server.fetch(new Request('http://host/metrics'));
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await answer.text())?.[1]);
  }

  const large = 'x'.repeat(256 * 1024);

  /** Commits until the server has cut a client off; returns how many commits that took. */
  async function insertUntilDropped(host: Host): Promise<number> {
    let count = 0;
    while ((await metric(host, 'helix_clients_dropped_total')) === 0) {
      host.database.insert({ id: count, name: large });
      count += 1;
      expect(count).toBeLessThan(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  }

  test('is cut off when too many messages wait, with the reason', async () => {
    const host = await start({ limits: { outgoingMessagesMax: 50 } });
    const slow = await stall(host);
    expect(await insertUntilDropped(host)).toBeGreaterThan(50);
    // The database is told at once, though the client does not read its farewell.
    await waitUntil(() => host.database.disconnected.length === 1);
    slow.socket.resume();
    expect(await slow.closed).toEqual({
      code: 1013,
      reason: 'The client reads too slowly: 50 messages wait to be read. Connect again and subscribe anew.',
    });
  });

  test('is cut off when too many bytes wait', async () => {
    const host = await start({ limits: { outgoingBytesMax: 4 * 1024 * 1024 } });
    const slow = await stall(host);
    await insertUntilDropped(host);
    slow.socket.resume();
    expect((await slow.closed).reason).toMatch(/reads too slowly: \d+ bytes wait to be read/);
  });

  test('does not hold up another', async () => {
    const host = await start();
    await stall(host);
    const quick = await open(host);
    quick.socket.send(subscribeFrame(1, 1));
    await quick.next();
    for (let id = 0; id < 40; id += 1) {
      host.database.insert({ id, name: large });
      expect(tags(await quick.next())).toEqual(['TransactionUpdate']);
    }
  });

  test('that catches up in time gets everything in order', async () => {
    const host = await start();
    const slow = await stall(host);
    const count = 60;
    for (let id = 0; id < count; id += 1) {
      host.database.insert({ id, name: large });
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.socket.resume();
    const received: string[] = [];
    slow.frames.length = 0;
    const all = () => slow.frames.flatMap((frame) => tags(frame));
    await waitUntil(() => all().length === count);
    received.push(...all());
    expect(received).toEqual(Array(count).fill('TransactionUpdate'));
    const ids = Buffer.concat(slow.frames.map((frame) => frame.subarray(1)));
    expect(idsIn(ids)).toEqual(Array.from({ length: count }, (_, id) => id));
  });

  /** The ids of the rows in back-to-back updates of one inserted row each. */
  function idsIn(payload: Buffer): number[] {
    const messages = sdk.decodeServerMessages(payload) as {
      value: { querySets: { tables: { rows: { value: { inserts: { rowsData: Uint8Array } } }[] }[] }[] };
    }[];
    return messages.map(({ value }) => {
      const rows = value.querySets[0]?.tables[0]?.rows[0]?.value.inserts.rowsData ?? new Uint8Array(4);
      return Buffer.from(rows).readUInt32LE(0);
    });
  }
});

describe('[SOCK5] heartbeats', () => {
  test('a client that never answers is gone; one that does stays', async () => {
    const host = await start({ limits: { pingIntervalMs: 20, idleMs: 40 } });
    const alive = await open(host);
    const dead = await open(host, { client: { autoPong: false } });
    expect((await dead.closed).code).toBe(1006);
    await waitUntil(() => host.database.disconnected.length === 1);
    alive.socket.send(callFrame(1, 'reject', ''));
    expect(tags(await alive.next())).toEqual(['ReducerResult']);
  });
});

test('[SOCK6] a bug of the database ends that one client, is reported, and disturbs nobody else', async () => {
  const host = await start();
  const [unlucky, other] = [await open(host), await open(host)];
  unlucky.socket.send(callFrame(1, 'bug', ''));
  expect(await unlucky.closed).toEqual({ code: 1011, reason: 'The server failed to handle a message.' });
  expect(host.reported).toEqual([new TypeError('a bug of the server')]);
  other.socket.send(callFrame(1, 'reject', ''));
  expect(tags(await other.next())).toEqual(['ReducerResult']);
});

test('[OLD1] in version 1 what is not durable yet is shown, unless the client asks for confirmed reads', async () => {
  const host = await start();
  host.database.isDurableAtOnce = false;
  const protocols = ['v1.bsatn.spacetimedb'];
  const eager = await open(host, { protocols });
  const careful = await open(host, { protocols, query: '?confirmed=true' });
  const query = Buffer.from('SELECT * FROM person');
  const subscribe = Buffer.concat([Buffer.of(1, 1, 0, 0, 0, query.length, 0, 0, 0), query, Buffer.of(9, 0, 0, 0)]);
  for (const client of [careful, eager]) {
    client.socket.send(subscribe);
    expect((await client.next())[1]).toBe(0);
  }
  host.database.insert({ id: 1, name: 'ada' });
  expect((await eager.next())[1]).toBe(2);
  expect(careful.frames).toHaveLength(2);
  host.database.makeDurable();
  expect((await careful.next())[1]).toBe(2);
});

test('[SOCK6] a message that cannot be written ends that one client, is reported, and disturbs nobody else', async () => {
  const host = await start();
  // The definition of the fake database has no tables, so that its rows cannot be written as JSON.
  host.database.insert({ id: 1, name: 'ada' });
  const [unlucky, other] = [await open(host, { protocols: ['v1.json.spacetimedb'] }), await open(host)];
  unlucky.socket.send(JSON.stringify({ Subscribe: { query_strings: ['SELECT * FROM person'], request_id: 1 } }));
  expect(await unlucky.closed).toEqual({ code: 1011, reason: 'The server failed to handle a message.' });
  expect(host.reported).toEqual([expect.any(DecodeError)]);
  other.socket.send(callFrame(1, 'reject', ''));
  expect(tags(await other.next())).toEqual(['ReducerResult']);
});

test('[SOCK7] the database may end a connection; a reason that is too long is cut at a character', async () => {
  const host = await start();
  const client = await open(host);
  host.database.connected[0]?.close(1008, 'ü'.repeat(100));
  host.database.connected[0]?.deliver({ kind: 'transaction-update', update: [] }, -1);
  const { code, reason } = await client.closed;
  expect(code).toBe(1008);
  expect(reason).toMatch(/^ü{59,60}…$/);
  expect(client.frames).toHaveLength(1);
});
