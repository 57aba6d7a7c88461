import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindingsOf, connect, rowsOf, subscribe, tableOf } from './support/client.ts';
import { TestHost } from './support/host.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.close());

const column = async (name: string, sql: string) => (await host.rows(name, sql)).map((row) => (row as unknown[])[0]);

describe('generated values', () => {
  it('[STORE4] count from 1 in columns of every integer type', async () => {
    await host.publish('all', 'sequences');
    const client = await connect(host, await bindingsOf('sequences'), 'all');
    await subscribe(client, 'SELECT * FROM *');
    for (let i = 0; i < 3; i++) await client.reducers['addToAll']?.();
    for (const type of ['i8', 'u8', 'i16', 'u16', 'i32', 'u32']) {
      expect([type, rowsOf(client, type).map((row) => row['id'])]).toEqual([type, [1, 2, 3]]);
    }
    for (const type of ['i64', 'u64', 'i128', 'u128', 'i256', 'u256']) {
      expect([type, rowsOf(client, type).map((row) => row['id'])]).toEqual([type, [1n, 2n, 3n]]);
    }
  });

  it('[MOD21] the module gets all that were generated for a row', async () => {
    await host.publish('pairs', 'sequences');
    for (const note of ['a', 'b']) await host.call('pairs', 'add_pair', [note]);
    expect(await host.rows('pairs', 'SELECT * FROM seen')).toEqual([
      ['a', [1, 1, 1]],
      ['b', [2, 2, 2]],
    ]);
    expect(await host.rows('pairs', 'SELECT * FROM pair')).toEqual([
      ['a', 1, 1, 1],
      ['b', 2, 2, 2],
    ]);
  });

  it('[STORE4] wrap at the end, without an error', async () => {
    await host.publish('bytes', 'sequences');
    expect((await host.call('bytes', 'add_bytes', [254])).status).toBe(200);
    await host.call('bytes', 'add_to_all');
    expect(await column('bytes', 'SELECT id FROM u8s')).toEqual([255]);
    await host.call('bytes', 'add_to_all');
    const ids = await column('bytes', 'SELECT id FROM u8s');
    expect(ids).toHaveLength(2);
  });

  it('[STORE4] a value that was given is not disturbed by explicit ones, nor given back by a failure', async () => {
    await host.publish('given', 'sequences');
    await host.call('given', 'add_given', [500]);
    await host.call('given', 'add_one');
    await host.call('given', 'fail');
    await host.call('given', 'add_one');
    const ids = (await column('given', 'SELECT id FROM u64s')) as number[];
    expect(ids).toHaveLength(3);
    expect(ids[0]).toBe(500);
    expect(ids[1]).toBe(1);
    expect(ids[2]).toBeGreaterThan(11);
  });
});

describe('[STORE5] after a restart no value is given twice', () => {
  it('of rows that are there, that were deleted, that came and went, and that were events', async () => {
    await host.publish('again', 'sequences');
    const bindings = await bindingsOf('sequences');
    const given = new Set<unknown>();
    const sparks = new Set<unknown>();
    for (let round = 0; round < 4; round++) {
      const client = await connect(host, bindings, 'again');
      await subscribe(client, 'SELECT * FROM u64s', 'SELECT * FROM spark');
      const note = (set: Set<unknown>, value: unknown) => {
        expect([round, set.has(value), value]).toEqual([round, false, value]);
        set.add(value);
      };
      tableOf(client, 'spark').onInsert((_context, row) => note(sparks, row['id']));
      tableOf(client, 'u64').onInsert((_context, row) => note(given, row['id']));
      if (round !== 2) await client.reducers['addOne']?.();
      note(given, await client.procedures['comeAndGo']?.());
      for (let i = 0; i < 3; i++) await client.reducers['glow']?.({ note: `${i}` });
      if (round === 1) await client.reducers['dropAll']?.();
      await host.reopen();
    }
    expect(sparks.size).toBe(12);
  });
});
