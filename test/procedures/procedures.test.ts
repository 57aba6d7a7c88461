import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Identity, ScheduleAt, type Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { openLog } from '../../engine/log/log.ts';
import type { Client, ClientMessage } from '../../engine/serve/contract.ts';
import { createTestHub } from '../../engine/testing/index.ts';
import { type Connection, failureOf, rowsOf, subscribe, tableOf, until } from '../conformance/support/client.ts';
import {
  type Calls,
  enter,
  errands,
  fatal,
  messages,
  notes,
  procedure,
  publish,
  reducer,
  refusalOf,
  start,
  world,
} from './errands.ts';

describe('a procedure', () => {
  it('[PROC1] answers its caller, whom it knows, with time and value', async () => {
    const host = await start();
    const alice = await enter(host);
    expect(await procedure(alice, 'add', { text: 'one' })).toBe(1n);
    expect(await procedure(alice, 'add', { text: 'two' })).toBe(2n);
    const who = (await procedure(alice, 'who')) as Record<string, unknown>;
    expect((who['sender'] as Identity).isEqual(alice.identity)).toBe(true);
    expect(who['connection']).toEqual(alice.connectionId);
    expect(who['subject']).not.toBe('');
    const [at, inTransaction] = [who['at'], who['inTransaction']] as [Timestamp, Timestamp];
    expect(inTransaction.microsSinceUnixEpoch >= at.microsSinceUnixEpoch).toBe(true);
  });

  it('[PROC2] commits what everybody sees as plain transactions, its caller included', async () => {
    const host = await start();
    const [alice, bob] = await Promise.all([enter(host), enter(host)]);
    await Promise.all([subscribe(alice, 'SELECT * FROM note'), subscribe(bob, 'SELECT * FROM note')]);
    const seen: string[] = [];
    for (const [name, connection] of Object.entries({ alice, bob })) {
      tableOf(connection, 'note').onInsert((context, row) => seen.push(`${name} ${context.event.tag} ${row['text']}`));
    }
    await procedure(alice, 'add', { text: 'new' });
    await until('both have seen it', () => seen.length >= 2);
    expect(seen.sort()).toEqual(['alice Transaction new', 'bob Transaction new']);
  });

  it('[PROC3] keeps what it committed when a later transaction or the rest of it fails', async () => {
    const host = await start();
    const alice = await enter(host);
    expect(await refusalOf(procedure(alice, 'inTwoSteps', { first: 'kept', second: 'lost' }))).toBe('not lost');
    expect(await notes(host)).toEqual(['kept']);
  });

  it('[PROC4] fails with the message of its SenderError, else with one constant text and a line in the log', async () => {
    const host = await start();
    const alice = await enter(host);
    expect(await refusalOf(procedure(alice, 'refuse', { why: 'not you' }))).toBe('not you');
    expect(await refusalOf(procedure(alice, 'crash'))).toBe(fatal);
    expect((await messages(host)).some((line) => /TypeError: a bug\n.*errands\.ts:/.test(line))).toBe(true);
  });

  it('[PROC5] cannot be called when there is none of that name, or when it is a schedule’s', async () => {
    const host = await start();
    const alice = (await enter(host)) as Connection & Calls;
    const unknown = "no such procedure: `nothing`; generate the client's bindings again if the module has changed";
    expect(await refusalOf(alice.callProcedure('nothing', new Uint8Array()))).toBe(unknown);
    expect(await refusalOf(alice.callProcedure('run', new Uint8Array()))).toBe('the procedure `run` is private');
    expect(await host.call('errands', 'nothing')).toMatchObject({ status: 404 });
    expect(await host.call('errands', 'run', [[0, { Time: 0 }, 'x']])).toMatchObject({
      status: 400,
      text: '`run` is private and cannot be called by clients',
    });
  });

  it('[PROC6] runs its body once more when a view keeps the commit from being made', async () => {
    const host = await start();
    const alice = await enter(host);
    await subscribe(alice, 'SELECT * FROM careful', 'SELECT * FROM note');
    expect(await procedure(alice, 'insist', { texts: ['poison', 'honey'] })).toBe(2);
    expect(await notes(host)).toEqual(['honey']);
    expect(rowsOf(alice, 'note').map((row) => row['text'])).toEqual(['honey']);
    expect(await refusalOf(procedure(alice, 'insist', { texts: ['poison', 'poison'] }))).toBe(fatal);
    expect(await notes(host)).toEqual(['honey']);
    expect(await messages(host)).toContain('committing anonymous transaction failed');
    await reducer(alice, 'addNote', { text: 'after' });
  });

  it('[PROC7] sends requests as far as the host allows: by default not into its own network', async () => {
    const open = await enter(await start());
    expect(await procedure(open, 'get', { url: `${world.url}/x?y=1` })).toBe('200 pong');
    expect(world.requests).toEqual(['POST /x?y=1 errand ping']);
    for (const [options, why] of [
      [{ egress: 'public' }, 'refusing to connect to private or special-purpose addresses'],
      [{ egress: 'nowhere' }, 'module outbound HTTP requests are disabled'],
    ] as const) {
      const host = await start(options);
      const alice = await enter(host);
      expect(await refusalOf(procedure(alice, 'get', { url: `${world.url}/x?key=secret` }))).toBe(fatal);
      const line = (await messages(host)).find((message) => message.includes(why));
      expect(line).toBeDefined();
      expect(line).not.toContain('secret');
    }
    expect(world.requests).toHaveLength(1);
  });

  it('[PROC8] keeps nobody waiting while it waits, and several run at once', async () => {
    const host = await start();
    const alice = await enter(host);
    const waiting: ServerResponse[] = [];
    world.answer = (_, response) => waiting.push(response);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const asked = names.map((name) => procedure(alice, 'get', { url: `${world.url}/${name}` }));
    await until('all have asked', () => waiting.length === names.length);
    await reducer(alice, 'addNote', { text: 'meanwhile' });
    await procedure(alice, 'add', { text: 'meanwhile too' });
    expect((await notes(host)).sort()).toEqual(['meanwhile', 'meanwhile too']);
    for (const [index, response] of waiting.entries()) response.end(`answer ${index}`);
    expect((await Promise.all(asked)).sort()).toEqual(names.map((_, index) => `200 answer ${index}`));
    expect(await notes(host)).toHaveLength(8);
  });

  it('[PROC9] that never ends is ended; what it had committed stays, and others run on', async () => {
    const host = await start({ procedureMsMax: 1500 });
    const alice = await enter(host);
    const spun = refusalOf(procedure(alice, 'spin'));
    await reducer(alice, 'addNote', { text: 'meanwhile' });
    const message = 'The procedure `spin` ran longer than 1500 ms and was ended.';
    expect(await spun).toBe(message);
    expect(await messages(host)).toContain(message);
    expect((await notes(host)).sort()).toEqual(['before spinning', 'meanwhile']);
    expect(await procedure(alice, 'add', { text: 'after' })).toBe(3n);
  });

  it.each([true, false])(
    '[PROC10] that holds a transaction for too long is ended and undone (calls: %s)',
    async (calls) => {
      const host = await start({ callMsMax: 300 });
      const alice = await enter(host);
      const message =
        'The procedure `hold` held a transaction open for longer than 300 ms and was ended; the transaction was undone.';
      expect(await refusalOf(procedure(alice, 'hold', { calls }))).toBe(message);
      expect(await messages(host)).toContain(message);
      await reducer(alice, 'addNote', { text: 'after' });
      expect(await notes(host)).toEqual(['after']);
      expect(await host.call('errands', 'hold', [calls])).toMatchObject({ status: 530, text: message });
    },
  );

  it('[PROC11] is called over HTTP with JSON, and answers with JSON', async () => {
    const host = await start();
    const added = await host.call('errands', 'add', ['one']);
    expect(added).toMatchObject({ status: 200, json: 1 });
    expect(added.headers.get('content-type')).toContain('application/json');
    expect(Number(added.headers.get('spacetime-execution-duration-micros'))).toBeGreaterThan(0);
    expect(await host.call('errands', 'add', { text: 'two' })).toMatchObject({ status: 200, json: 2 });
    expect(await host.call('errands', 'refuse', ['not you'])).toMatchObject({ status: 530, text: 'not you' });
    expect(await host.call('errands', 'crash')).toMatchObject({ status: 530, text: fatal });
    expect(await host.call('errands', 'add', [1])).toMatchObject({ status: 400 });
    const who = (await host.call('errands', 'who')).json as { sender: unknown } | unknown[];
    expect(JSON.stringify(who)).toContain(host.host.operator.identity.toString(16));
  });

  it('[PROC12] whose transactions are in the log under its name survive a restart', async () => {
    const host = await start();
    const alice = await enter(host);
    await procedure(alice, 'add', { text: 'kept' });
    await host.ask('POST', '/v1/database/errands/route/notes', { body: 'posted' });
    await host.stop();
    const origins: string[] = [];
    const databases = join(host.folder, 'data', 'databases');
    const [folder = ''] = await nodeDisk.list(databases);
    const directory = join(databases, folder);
    const log = await openLog({ disk: nodeDisk, directory, replay: (commit) => void origins.push(commit.origin) });
    await log.close();
    expect(origins.filter((origin) => origin.includes(':'))).toEqual(['procedure:add', 'handler:keep']);
    await host.open();
    expect(await notes(host)).toEqual(['kept', 'posted']);
  });

  it('[PROC15] whose result shows a commit is held with it until it is durable', async () => {
    const { database } = await createTestHub({ bundle: errands });
    const delivered: (readonly [kind: string, offset: number])[] = [];
    const client: Client = {
      ...{ identity: 5n, connectionId: 6n, claims: '', close: () => {} },
      deliver: ({ kind }, offset) => delivered.push([kind, offset]),
    };
    database.connect(client);
    const messages: ClientMessage[] = [
      { kind: 'subscribe', requestId: 1, querySetId: 1, queries: ['SELECT * FROM note'] },
      { kind: 'call-procedure', requestId: 2, name: 'add', args: Buffer.from([1, 0, 0, 0, 65]) },
    ];
    database.handle(messages.map((message) => ({ client, message })).values());
    const before = database.offset;
    await until('it has answered', () => delivered.length === 3);
    expect(delivered).toEqual([
      ['subscribe-applied', before],
      ['transaction-update', before + 1],
      ['procedure-result', before + 1],
    ]);
    await database.engine.close();
  });

  it('[PROC13] is ended by an update of the module, and told so', async () => {
    const host = await start();
    const alice = await enter(host);
    world.answer = () => {};
    const asked = refusalOf(procedure(alice, 'get', { url: world.url }));
    const askedOverHttp = host.call('errands', 'get', [world.url]);
    await until('both have asked', () => world.requests.length === 2);
    await publish(host, `${errands}\n// The next version.`);
    const why = 'The module was updated while this ran: call it again.';
    expect(await asked).toBe(why);
    expect(await askedOverHttp).toMatchObject({ status: 503, text: why });
    expect(await procedure(alice, 'add', { text: 'in the next' })).toBe(1n);
  });

  it('[PROC14] keeps no host from closing', async () => {
    const host = await start();
    const asked = host.call('errands', 'get', [world.url]);
    world.answer = () => {};
    await until('it has asked', () => world.requests.length === 1);
    await Promise.all([host.stop(), asked.catch(() => {})]);
    await host.open();
    expect(await notes(host)).toEqual([]);
  });
});

describe('a scheduled procedure', () => {
  it('[PROC20] runs as the database itself, and its row that was due once is gone before', async () => {
    const host = await start();
    const alice = await enter(host);
    await reducer(alice, 'send', { at: ScheduleAt.time(0n), url: `${world.url}/now` });
    await until('it has run', async () => (await notes(host)).length > 0);
    expect(await notes(host)).toEqual(['pong row:false own:true 0']);
    expect(await host.rows('errands', 'SELECT * FROM errand')).toEqual([]);
  });

  it('[PROC21] whose row repeats skips the ticks that come while it runs', async () => {
    const host = await start();
    const alice = await enter(host);
    const waiting: ServerResponse[] = [];
    world.answer = (_, response) => waiting.push(response);
    await reducer(alice, 'send', { at: ScheduleAt.interval(20_000n), url: `${world.url}/slow` });
    // What is due once in between shows that ticks have passed and threads are free.
    await until('it has asked', () => waiting.length === 1);
    const now = BigInt(Date.now()) * 1000n;
    await reducer(alice, 'send', { at: ScheduleAt.time(now + 200_000n), url: `${world.url}/later` });
    await until('the other has asked', () => waiting.length === 2);
    expect(world.requests.map((line) => line.split(' ')[1])).toEqual(['/slow', '/later']);
    waiting[0]?.end('first');
    await until('it has asked again', () => waiting.length === 3);
    expect(await notes(host)).toEqual(['first row:true own:true 0']);
    await reducer(alice, 'cancel', { id: 1n });
    world.answer = (_, response) => response.end('pong');
    for (const response of waiting) response.end('last');
    await until('all have ended', async () => (await notes(host)).length === 3);
  });

  it('[PROC22] that fails is told of in the log', async () => {
    const host = await start({ egress: 'nowhere' });
    const alice = await enter(host);
    await reducer(alice, 'send', { at: ScheduleAt.time(0n), url: world.url });
    await until('it has failed', async () => (await messages(host)).some((line) => line.startsWith('The scheduled')));
    expect(await messages(host)).toContain(`The scheduled procedure \`run\` failed: ${fatal}`);
  });
});

describe('a reducer that runs for too long', () => {
  // One that calls the system is ended gently; from one that does not, the thread is taken away.
  it.each([true, false])('[PROC40] is undone and told of by name and limit (calls: %s)', async (calls) => {
    const host = await start({ callMsMax: 200 });
    const alice = await enter(host);
    const message = 'The reducer `spoil` ran longer than 200 ms and was undone.';
    expect((await failureOf(reducer(alice, 'spoil', { calls })))?.message).toBe(message);
    expect(await host.call('errands', 'spoil', [calls])).toMatchObject({ status: 530, text: message });
    expect(await notes(host)).toEqual([]);
    expect((await messages(host)).filter((line) => line.startsWith(message))).toHaveLength(2);
    await reducer(alice, 'addNote', { text: 'after' });
    expect(await notes(host)).toEqual(['after']);
  });

  it('[PROC41] leaves no half-changed variables behind when the thread was taken away', async () => {
    const host = await start({ callMsMax: 200 });
    const alice = await enter(host);
    await failureOf(reducer(alice, 'spoil', { calls: false }));
    expect((await failureOf(reducer(alice, 'tellHalf')))?.message).toBe('half 0');
  });
});
