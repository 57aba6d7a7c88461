import { ConnectionId, Identity, ScheduleAt, TimeDuration, Timestamp, Uuid } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindingsOf, connect, rowsOf, subscribe, until } from './support/client.ts';
import { TestHost } from './support/host.ts';

const allTypes = '../../fixtures/modules/all-types';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.close());

const identity = new Identity(2n ** 255n + 5n);

const scalars = {
  aBool: true,
  anI8: -128,
  anI16: -32768,
  anI32: -2147483648,
  anI64: -(2n ** 63n),
  anI128: -(2n ** 127n),
  anI256: -(2n ** 255n),
  aU8: 255,
  aU16: 65535,
  aU32: 4294967295,
  aU64: 2n ** 64n - 1n,
  aU128: 2n ** 128n - 1n,
  aU256: 2n ** 256n - 1n,
  anF32: 0.5,
  anF64: Math.PI,
  aString: 'grüße 🌍\u0000\n',
  someBytes: new Uint8Array([0, 255, 7]),
  anIdentity: identity,
  aConnectionId: new ConnectionId(77n),
  aTimestamp: new Timestamp(1_700_000_000_000_001n),
  aTimeDuration: new TimeDuration(-5n),
  aUuid: Uuid.parse('01234567-89ab-7cde-8123-456789abcdef'),
  aScheduleAt: ScheduleAt.interval(1_000_000n),
  aColour: { tag: 'DarkGreen' },
  aShape: { tag: 'Polygon', value: [{ x: -1, y: 2 }] },
};

const holders = {
  optionalString: undefined,
  optionalColour: { tag: 'Blue' },
  optionalOption: undefined,
  // The client writes an `err` with the type of `ok`.
  aResult: { ok: 5n },
  resultOfShape: { ok: { tag: 'Circle', value: 2 } },
  numbers: [1n, -1n, 2n ** 62n],
  shapes: [{ tag: 'Empty' }, { tag: 'Circle', value: 1.5 }],
  manyBytes: [new Uint8Array([1]), new Uint8Array()],
  optionalArray: [identity, undefined],
};

describe('values', () => {
  it('[BSATN1] of every type come back as they were sent, to the sender, to others, and after a restart', async () => {
    await host.publish('values', allTypes);
    const bindings = await bindingsOf(allTypes);
    const [alice, bob] = [await connect(host, bindings, 'values'), await connect(host, bindings, 'values')];
    await Promise.all(
      [alice, bob].map((client) => subscribe(client, 'SELECT * FROM scalars', 'SELECT * FROM holders')),
    );
    await alice.reducers['putScalars']?.({ row: scalars });
    await alice.reducers['putHolders']?.({ row: holders });
    await until('bob has all', () => rowsOf(bob, 'holders').length === 1);
    const check = (client: typeof alice) => {
      const [row] = rowsOf(client, 'scalars');
      expect(row).toMatchObject({ ...scalars, aColour: { tag: 'DarkGreen' } });
      const [held] = rowsOf(client, 'holders');
      expect(held).toMatchObject({
        ...holders,
        shapes: [expect.objectContaining({ tag: 'Empty' }), { tag: 'Circle', value: 1.5 }],
      });
    };
    check(alice);
    check(bob);
    await host.reopen();
    const carol = await connect(host, bindings, 'values');
    await subscribe(carol, 'SELECT * FROM *');
    check(carol);
  });

  it('[SQL6] are compared with what is written in a query', async () => {
    const found = async (where: string) =>
      (await host.rows('values', `SELECT a_u_64 FROM scalars WHERE ${where}`)).length;
    for (const where of [
      'a_bool = true',
      'an_i_8 = -128',
      'an_i_64 < 0',
      'an_i_256 < -1',
      'a_u_64 = 18446744073709551615',
      'a_u_128 > 1e20',
      'an_f_64 > 3.14 AND an_f_64 < 3.15',
      'an_f_32 = 0.5',
      `some_bytes = 0x00ff07`,
      `some_bytes = X'00FF07'`,
      `an_identity = 0x${identity.toHexString()}`,
      `an_identity = '${identity.toHexString()}'`,
      'a_connection_id = 0x0000000000000000000000000000004d',
      `a_timestamp = '2023-11-14T22:13:20.000001Z'`,
      `a_timestamp > '2023-11-14T22:13:20Z'`,
      `a_uuid = '01234567-89ab-7cde-8123-456789abcdef'`,
      `a_string <> 'it''s'`,
    ]) {
      expect([where, await found(where)]).toEqual([where, 1]);
    }
    for (const where of [
      'a_u_8 = 256',
      `a_u_64 = 'text'`,
      'a_string = 5',
      'a_bool = 1',
      `a_timestamp = 'yesterday'`,
      'a_shape = 1',
    ]) {
      await expect(found(where), where).rejects.toThrow(/400/);
    }
  });

  it('[JSON3] come back as SATS-JSON by position', async () => {
    const [row] = (await host.rows(
      'values',
      'SELECT a_bool, some_bytes, an_identity, a_timestamp, a_colour, a_shape, a_schedule_at FROM scalars',
    )) as unknown[][];
    expect(row).toEqual([
      true,
      '00ff07',
      [`0x${identity.toHexString()}`],
      [1_700_000_000_000_001],
      [1, []],
      [2, [[-1, 2]]],
      [0, [1_000_000]],
    ]);
  });
});

describe('finding rows', () => {
  it('[MOD20] by every kind of index', async () => {
    await host.publish('ways', 'ways');
    for (const step of ['fill', 'look', 'change', 'iterate', 'clear']) {
      const answer = await host.call('ways', step);
      const log = answer.status === 200 ? [] : (await host.logs('ways')).slice(-1);
      expect([step, answer.status, answer.text, log]).toEqual([step, 200, '', []]);
    }
  });

  it('[STORE2] the same after a restart', async () => {
    await host.call('ways', 'fill');
    const before = await host.rows('ways', 'SELECT * FROM many');
    await host.reopen();
    const after = await host.rows('ways', 'SELECT * FROM many');
    // The order of a scan is not kept where rows have been deleted.
    const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(after)).toEqual(sorted(before));
    expect(await host.rows('ways', "SELECT rank FROM many WHERE team = 'even' AND rank > 4")).toHaveLength(3);
  });
});
