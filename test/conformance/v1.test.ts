import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, TestHost } from './support/host.ts';
import { textAndNumber } from './support/raw.ts';
import { V1Client, type V1Options } from './support/v1.ts';

let host: TestHost;
let databases = 0;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 500 });
});
afterAll(() => host.close());

async function fresh(module = 'basic'): Promise<string> {
  databases += 1;
  const name = `first-${databases}`;
  await host.publish(name, module);
  return name;
}

async function join(name: string, options: V1Options = {}): Promise<V1Client> {
  const client = await V1Client.open(host, name, options);
  await client.next('IdentityToken');
  return client;
}

const json = { protocol: 'v1.json.spacetimedb' } as const;
const items = 'SELECT * FROM item';

/** Bytes of the rows of each table of a DatabaseUpdate, added less removed. */
function bytesOf(update: { tables: { tableName: string; updates: { value: { inserts: Rows; deletes: Rows } }[] }[] }) {
  return Object.fromEntries(
    update.tables.map(({ tableName, updates }) => [
      tableName,
      updates.map(({ value }) => [value.inserts.rowsData.length, value.deletes.rowsData.length]),
    ]),
  );
}

interface Rows {
  rowsData: Uint8Array;
}

const oneRow = 8 + 32 + 4 + 1 + 4;

describe('[OLD1] opening', () => {
  it.each(['v1.bsatn.spacetimedb', 'v1.json.spacetimedb'] as const)('%s is spoken', async (protocol) => {
    const client = await V1Client.open(host, await fresh(), { protocol, token: host.token });
    const { identity, token } = await client.next('IdentityToken');
    expect(client.protocol).toBe(protocol);
    expect(token).toBe(host.token);
    const hex = host.host.operator.identity.toString(16).padStart(64, '0');
    expect(protocol.includes('json') ? identity.__identity__ : `0x${identity.toHexString()}`).toBe(`0x${hex}`);
  });

  it('JSON comes in text frames, BSATN in binary ones, and the other kind is refused', async () => {
    const name = await fresh();
    const [text, binary] = [await join(name, json), await join(name)];
    expect([typeof text.frames[0], typeof binary.frames[0]]).toEqual(['string', 'object']);
    text.sendRaw(Buffer.from('{}'));
    binary.sendRaw('{}');
    expect((await text.closed).code).toBe(1003);
    expect((await binary.closed).code).toBe(1003);
  });

  it.each([
    ['an unknown tag', Buffer.of(99), {}],
    ['half a message', Buffer.of(0, 1, 0), {}],
    ['bytes after the message', Buffer.concat([Buffer.alloc(9, 0).fill(1, 0, 1), Buffer.of(7)]), {}],
    ['no JSON', '{"Subscribe"', json],
    ['an unknown message', '{"Dance": {}}', json],
    ['a missing field', '{"Subscribe": {"query_strings": []}}', json],
    ['a list', '[1, 2, 3]', json],
  ])('%s ends the connection with 1011', async (_, data, options) => {
    const client = await join(await fresh(), options);
    client.sendRaw(data);
    expect(await client.closed).toEqual({ code: 1011, reason: expect.stringMatching(/^A frame does not decode: .+/) });
  });
});

describe('[OLD2] subscriptions', () => {
  it('Subscribe takes the place of the one before; the others stand for themselves', async () => {
    const name = await fresh();
    const client = await join(name);
    client.send('CallReducer', { reducer: 'add', args: textAndNumber('a', 1), requestId: 1, flags: 0 });
    await client.next('TransactionUpdate');

    client.send('Subscribe', { queryStrings: [items, 'SELECT * FROM part'], requestId: 2 });
    const first = await client.next('InitialSubscription');
    expect(first.requestId).toBe(2);
    expect(bytesOf(first.databaseUpdate)).toEqual({ item: [[oneRow, 0]], part: [[0, 0]] });

    client.send('Subscribe', { queryStrings: ['SELECT * FROM part'], requestId: 3 });
    expect(bytesOf((await client.next('InitialSubscription')).databaseUpdate)).toEqual({ part: [[0, 0]] });
    client.send('SubscribeSingle', { query: items, requestId: 4, queryId: { id: 7 } });
    const single = await client.next('SubscribeApplied');
    expect(single).toMatchObject({ requestId: 4, queryId: { id: 7 }, rows: { tableName: 'item' } });
    expect(bytesOf({ tables: [single.rows.tableRows] })).toEqual({ item: [[oneRow, 0]] });
    expect(single.rows.tableRows.numRows).toBe(1n);
    client.send('SubscribeMulti', { queryStrings: [items], requestId: 5, queryId: { id: 8 } });
    expect(bytesOf((await client.next('SubscribeMultiApplied')).update)).toEqual({ item: [[oneRow, 0]] });

    client.send('CallReducer', { reducer: 'add', args: textAndNumber('b', 1), requestId: 6, flags: 0 });
    const { status } = await client.next('TransactionUpdate');
    expect(bytesOf(status.value)).toEqual({
      item: [
        [oneRow, 0],
        [oneRow, 0],
      ],
    });

    client.send('Unsubscribe', { requestId: 9, queryId: { id: 7 } });
    const gone = await client.next('UnsubscribeApplied');
    expect([gone.requestId, bytesOf({ tables: [gone.rows.tableRows] })]).toEqual([9, { item: [[0, 2 * oneRow]] }]);
    client.send('UnsubscribeMulti', { requestId: 10, queryId: { id: 8 } });
    expect(bytesOf((await client.next('UnsubscribeMultiApplied')).update)).toEqual({ item: [[0, 2 * oneRow]] });
  });

  it('what cannot be subscribed to is an error with the number of the request and of the query', async () => {
    const client = await join(await fresh());
    client.send('SubscribeSingle', { query: 'SELECT * FROM secret', requestId: 1, queryId: { id: 3 } });
    client.send('Subscribe', { queryStrings: ['SELECT'], requestId: 2 });
    client.send('UnsubscribeMulti', { requestId: 4, queryId: { id: 5 } });
    expect(await client.next('SubscriptionError')).toMatchObject({
      requestId: 1,
      queryId: 3,
      error: expect.stringContaining('no such table: `secret`'),
    });
    const whole = await client.next('SubscriptionError');
    expect([whole.requestId, whole.queryId, whole.tableId]).toEqual([2, undefined, undefined]);
    expect(await client.next('SubscriptionError')).toMatchObject({ requestId: 4, queryId: 5 });
  });

  it('event tables are refused, and left out of everything', async () => {
    const client = await join(await fresh());
    client.send('SubscribeSingle', { query: 'SELECT * FROM spark', requestId: 1, queryId: { id: 1 } });
    const { error } = await client.next('SubscriptionError');
    expect(error).toContain('`spark` is an event table');
    client.send('SubscribeSingle', { query: 'SELECT * FROM spark', requestId: 2, queryId: { id: 1 } });
    await client.next('SubscriptionError');
    client.send('SubscribeMulti', { queryStrings: ['SELECT * FROM *'], requestId: 3, queryId: { id: 2 } });
    const { update } = await client.next('SubscribeMultiApplied');
    expect(Object.keys(bytesOf(update)).sort()).toEqual(['diary', 'item', 'part']);
  });
});

describe('[OLD3] calls', () => {
  it('the caller is told everything of its call, others only what it changed for them, without the arguments', async () => {
    const name = await fresh();
    const [caller, other, light] = [await join(name), await join(name), await join(name, { query: 'light=true' })];
    for (const client of [caller, other, light]) {
      client.send('Subscribe', { queryStrings: [items], requestId: 1 });
      await client.next('InitialSubscription');
    }
    const args = textAndNumber('a', 1);
    caller.send('CallReducer', { reducer: 'add', args, requestId: 77, flags: 0 });
    const own = await caller.next('TransactionUpdate');
    expect(own.reducerCall).toMatchObject({ reducerName: 'add', args: new Uint8Array(args), requestId: 77 });
    expect(own.callerConnectionId).toEqual(caller.messages[0]?.value.connectionId);
    const told = await other.next('TransactionUpdate');
    expect(told.reducerCall).toMatchObject({ reducerName: 'add', args: new Uint8Array(), requestId: 0 });
    expect(told.reducerCall.reducerId).toBe(own.reducerCall.reducerId);
    expect(told.callerIdentity).toEqual(own.callerIdentity);
    expect(told.timestamp).toEqual(own.timestamp);
    const rows = await light.next('TransactionUpdateLight');
    for (const update of [own.status.value, told.status.value, rows.update]) {
      expect(bytesOf(update)).toEqual({ item: [[oneRow, 0]] });
    }
    await host.rows(name, 'SELECT * FROM item');
    light.send('CallReducer', { reducer: 'add', args: textAndNumber('b', 2), requestId: 78, flags: 0 });
    expect((await light.next('TransactionUpdate')).reducerCall.requestId).toBe(78);
  });

  it.each([
    ['refuse', 'no'],
    ['crash', 'The instance encountered a fatal error.'],
    ['nobody', 'no such reducer'],
    ['init', 'life'],
  ])('%s fails', async (reducer, message) => {
    const client = await join(await fresh());
    client.send('CallReducer', { reducer, args: Buffer.from('020000006e6f', 'hex'), requestId: 5, flags: 0 });
    const { status, reducerCall } = await client.next('TransactionUpdate');
    expect([status.tag, reducerCall.requestId, reducerCall.reducerName]).toEqual(['Failed', 5, reducer]);
    expect(status.value).toContain(message);
  });

  it('with flag 1 success is told only when rows changed for the caller', async () => {
    const client = await join(await fresh());
    client.send('CallReducer', { reducer: 'nothing', args: Buffer.alloc(0), requestId: 1, flags: 1 });
    client.send('CallReducer', { reducer: 'nothing', args: Buffer.alloc(0), requestId: 2, flags: 0 });
    expect((await client.next('TransactionUpdate')).reducerCall.requestId).toBe(2);
    client.send('SubscribeMulti', { queryStrings: [items], requestId: 3, queryId: { id: 1 } });
    await client.next('SubscribeMultiApplied');
    client.send('CallReducer', { reducer: 'add', args: textAndNumber('a', 1), requestId: 4, flags: 1 });
    expect((await client.next('TransactionUpdate')).reducerCall.requestId).toBe(4);
  });

  it('one-off queries are answered under their own ids', async () => {
    const client = await join(await fresh());
    client.send('OneOffQuery', { messageId: Buffer.from('right'), queryString: 'SELECT * FROM item' });
    client.send('OneOffQuery', { messageId: Buffer.from('wrong'), queryString: 'SELECT * FROM secret' });
    const right = await client.next('OneOffQueryResponse');
    expect([Buffer.from(right.messageId).toString(), right.error]).toEqual(['right', undefined]);
    expect(right.tables).toMatchObject([{ tableName: 'item' }]);
    const wrong = await client.next('OneOffQueryResponse');
    expect([Buffer.from(wrong.messageId).toString(), wrong.tables]).toEqual(['wrong', []]);
    expect(wrong.error).toContain('no such table');
  });

  it('procedures answer with their value or why there is none', async () => {
    const source = `const spacetimedb = schema({});
      export default spacetimedb;
      export const greet = spacetimedb.procedure({ name: t.string() }, t.string(), (_ctx, { name }) => 'hello ' + name);`;
    await host.tryPublish('first-procedures', await bundleOf(source));
    const client = await join('first-procedures');
    const args = Buffer.from('020000006d65', 'hex');
    client.send('CallProcedure', { procedure: 'greet', args, requestId: 1, flags: 0 });
    const { status, requestId } = await client.next('ProcedureResult');
    expect([requestId, status.tag, Buffer.from(status.value).toString().slice(4)]).toEqual([1, 'Returned', 'hello me']);
    client.send('CallProcedure', { procedure: 'nobody', args, requestId: 2, flags: 0 });
    expect((await client.next('ProcedureResult')).status.tag).toBe('InternalError');
    const text = await join('first-procedures', json);
    text.sendJson('CallProcedure', { procedure: 'greet', args: '["me"]', request_id: 3, flags: 0 });
    expect(await text.next('ProcedureResult')).toMatchObject({ request_id: 3, status: { Returned: '"hello me"' } });
  });

  it('answers come in the order of the questions, large ones compressed as asked', async () => {
    const name = await fresh();
    await host.call(name, 'add_many', [500, 'n']);
    const client = await join(name, { query: '' });
    client.send('Subscribe', { queryStrings: [items], requestId: 1 });
    client.send('CallReducer', { reducer: 'nothing', args: Buffer.alloc(0), requestId: 2, flags: 0 });
    await client.next('InitialSubscription');
    await client.next('TransactionUpdate');
    expect(client.frames.map((frame) => frame[0])).toEqual([0, 1, 0]);
  });
});

describe('[OLD4] JSON', () => {
  it('rows and arguments are JSON texts', async () => {
    const name = await fresh();
    const [client, other] = [await join(name, json), await join(name, json)];
    for (const each of [client, other]) {
      each.sendJson('SubscribeMulti', { query_strings: [items], request_id: 1, query_id: { id: 4 } });
      expect(await each.next('SubscribeMultiApplied')).toMatchObject({ request_id: 1, query_id: { id: 4 } });
    }
    client.sendJson('CallReducer', { reducer: 'add', args: '["Zoë", 3]', request_id: 2, flags: 0 });
    const own = await client.next('TransactionUpdate');
    expect(own.reducer_call).toMatchObject({ reducer_name: 'add', args: '["Zoë", 3]', request_id: 2 });
    const [table] = own.status.Committed.tables;
    expect(table).toMatchObject({ table_name: 'item', num_rows: 1, updates: [{ deletes: [] }] });
    const me = client.messages[0]?.value.identity;
    expect(JSON.parse(table.updates[0].inserts[0])).toEqual({ id: 1, owner: me, label: 'Zoë', size: 3 });
    const told = await other.next('TransactionUpdate');
    expect(told.status).toEqual(own.status);
    expect(told.caller_identity).toEqual(me);
    expect(told.reducer_call.args).toBe('');

    client.sendJson('OneOffQuery', { message_id: [1, 2, 255], query_string: items });
    const answer = await client.next('OneOffQueryResponse');
    expect(answer).toMatchObject({ message_id: '0102ff', error: { none: [] } });
    expect(answer.tables[0].rows).toEqual(table.updates[0].inserts);
  });

  it('arguments that do not fit fail the call only', async () => {
    const client = await join(await fresh(), json);
    for (const [id, args] of ['["x"]', '["x", -1]', 'nonsense', '{"label": "by name", "size": 1}'].entries()) {
      client.sendJson('CallReducer', { reducer: 'add', args, request_id: id, flags: 0 });
    }
    for (const id of [0, 1, 2]) {
      const { status, reducer_call: call } = await client.next('TransactionUpdate');
      expect([call.request_id, Object.keys(status)]).toEqual([id, ['Failed']]);
    }
    expect(await client.next('TransactionUpdate')).toMatchObject({ status: { Committed: { tables: [] } } });
  });
});
