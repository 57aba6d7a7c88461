import { WebSocket } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { identityToHex } from './identity/identity.ts';
import type { ServerOptions } from './server.ts';
import { type Host, startHost } from './testing/host.fixture.ts';
import { PeopleConnection } from './testing/sdk.fixture.ts';

const running: Host[] = [];
const connections: PeopleConnection[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.disconnect();
  for (const host of running.splice(0)) {
    await host.server.close();
    expect(host.reported).toEqual([]);
    expect(host.database.watcherCount).toBe(0);
    expect(host.database.disconnected).toHaveLength(host.database.connected.length);
  }
});

async function start(options: Partial<ServerOptions> = {}): Promise<Host> {
  const host = await startHost(options);
  running.push(host);
  return host;
}

interface ConnectOptions {
  readonly token?: string;
  readonly compression?: 'gzip' | 'none';
  readonly isConfirmed?: boolean;
}

function connect(host: Host, options: ConnectOptions = {}): Promise<PeopleConnection> {
  return new Promise((resolve, reject) => {
    const builder = PeopleConnection.builder()
      .withUri(host.url)
      .withDatabaseName('people')
      .withCompression(options.compression ?? 'gzip')
      .onConnect((connection) => resolve(connection));
    builder.onConnectError((...[, error]: readonly [unknown, Error?]) => reject(error));
    if (options.token !== undefined) builder.withToken(options.token);
    if (options.isConfirmed !== undefined) builder.withConfirmedReads(options.isConfirmed);
    connections.push(builder.build());
  });
}

function subscribe(connection: PeopleConnection, query = 'SELECT * FROM person'): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(context.event))
      .subscribe(query);
  });
}

function until(isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => (isTrue() ? resolve() : setTimeout(look, 2));
    look();
  });
}

const names = (connection: PeopleConnection): string[] =>
  [...connection.db.person.iter()].map((person) => person.name).sort();

describe('[SERVE1] the official client', () => {
  test('connects without a token, learns who it is, and is the same one with the token it was given', async () => {
    const host = await start();
    const first = await connect(host);
    const { identity, token } = first;
    expect(host.database.connected[0]?.identity).toBe(BigInt(`0x${identity?.toHexString()}`));
    expect(first.connectionId.toHexString()).toBe(
      host.database.connected[0]?.connectionId.toString(16).padStart(32, '0'),
    );
    const second = await connect(host, token === undefined ? {} : { token });
    expect(second.identity?.toHexString()).toBe(identity?.toHexString());
    expect(second.connectionId.isEqual(first.connectionId)).toBe(false);
    expect(JSON.parse(host.database.connected[1]?.claims ?? '')).toMatchObject({
      hex_identity: identity?.toHexString(),
    });
  });

  test('subscribes, calls reducers and procedures, and sees what others do', async () => {
    const host = await start();
    host.database.insert({ id: 0, name: 'Ada' });
    const [one, two] = [await connect(host), await connect(host, { compression: 'none', isConfirmed: false })];
    await Promise.all([subscribe(one), subscribe(two)]);
    expect(names(one)).toEqual(['Ada']);

    const tags: string[] = [];
    one.db.person.onInsert((context) => tags.push(context.event.tag));
    await one.reducers.add({ name: 'Grace' });
    expect(names(one)).toEqual(['Ada', 'Grace']);
    await until(() => two.db.person.count() === 2n);
    await two.reducers.add({ name: 'Barbara' });
    await until(() => one.db.person.count() === 3n);
    expect(tags).toEqual(['Reducer', 'Transaction']);
    expect(await one.procedures.echo({ text: 'hello' })).toBe('hello');
  });

  test('hears why a reducer failed and why a query is refused', async () => {
    const host = await start();
    const connection = await connect(host);
    await expect(connection.reducers.reject({})).rejects.toThrow('no, because of reasons');
    await expect(connection.reducers.explode({})).rejects.toThrow('The instance encountered a fatal error.');
    await expect(subscribe(connection, 'SELECT * FROM nowhere')).rejects.toThrow('no such table: `nowhere`');
  });

  test('unsubscribes and loses the rows', async () => {
    const host = await start();
    host.database.insert({ id: 0, name: 'Ada' });
    const connection = await connect(host);
    await new Promise<void>((resolve) => {
      const handle = connection
        .subscriptionBuilder()
        .onApplied(() => handle.unsubscribeThen(() => resolve()))
        .subscribe('SELECT * FROM person');
    });
    expect(names(connection)).toEqual([]);
  });

  test('pipelines thousands of calls and gets every answer', async () => {
    const host = await start();
    const connection = await connect(host);
    await subscribe(connection);
    const calls = Array.from({ length: 5000 }, (_, index) => connection.reducers.add({ name: `person ${index}` }));
    await Promise.all(calls);
    expect(connection.db.person.count()).toBe(5000n);
    expect(host.database.batches.length).toBeLessThan(1000);
  });
});

describe('[SERVE2] confirmed reads', () => {
  test('hold every message behind a commit that is not durable, unless the client declined', async () => {
    const host = await start();
    const [confirmed, eager] = [await connect(host), await connect(host, { isConfirmed: false })];
    await Promise.all([subscribe(confirmed), subscribe(eager)]);
    host.database.isDurableAtOnce = false;
    let isAnswered = false;
    const added = confirmed.reducers.add({ name: 'Ada' }).then(() => {
      isAnswered = true;
    });
    const echoed = confirmed.procedures.echo({ text: 'later' });
    await until(() => eager.db.person.count() === 1n);
    await eager.procedures.echo({ text: 'a whole round trip later' });
    expect(isAnswered).toBe(false);
    expect(confirmed.db.person.count()).toBe(0n);
    host.database.makeDurable();
    await added;
    expect(await echoed).toBe('later');
    expect(confirmed.db.person.count()).toBe(1n);
  });
});

test('[SERVE3] the connect hook may refuse, and says why', async () => {
  const host = await start();
  host.database.refuseConnect = 'only limbs may connect';
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/v1/database/people/subscribe`, 'v3.bsatn.spacetimedb');
  const closed = await new Promise<CloseEvent>((resolve) => {
    socket.onclose = resolve;
  });
  expect([closed.code, closed.reason]).toEqual([1011, 'only limbs may connect']);
  expect(host.database.connected).toEqual([]);
});

test('[SERVE4] closing tells every client, runs every disconnect hook, and refuses new ones', async () => {
  const host = await startHost();
  await connect(host);
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/v1/database/people/subscribe`, 'v3.bsatn.spacetimedb');
  await new Promise((resolve) => {
    socket.onmessage = resolve;
  });
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.onclose = resolve;
  });
  await host.server.close();
  expect((await closed).code).toBe(1001);
  expect(host.database.disconnected).toHaveLength(2);
  await expect(fetch(`${host.url}/v1/ping`)).rejects.toThrow();
});

test('[SERVE5] an identity in place of a database name', async () => {
  const host = await start();
  const answer = await fetch(`${host.url}/v1/database/${identityToHex(host.database.identity)}/identity`);
  expect(await answer.text()).toBe(identityToHex(host.database.identity));
});
