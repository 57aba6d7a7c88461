import type { Identity, Timestamp } from 'spacetimedb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindingsOf, type Connection, connect, type Row, rowsOf, subscribe, until } from './support/client.ts';
import { TestHost } from './support/host.ts';

let host: TestHost;
let databases = 0;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.close());

async function fresh(): Promise<{ name: string; client: Connection; fired: () => Row[] }> {
  databases += 1;
  const name = `clock-${databases}`;
  await host.publish(name, 'clockwork');
  return join(name);
}

async function join(name: string): Promise<{ name: string; client: Connection; fired: () => Row[] }> {
  const client = await connect(host, await bindingsOf('clockwork'), name);
  await subscribe(client, 'SELECT * FROM *');
  return { name, client, fired: () => rowsOf(client, 'fired') };
}

const micros = (value: unknown): bigint => (value as Timestamp).microsSinceUnixEpoch;
const hexOf = (row: Row | undefined) => (row?.['sender'] as Identity | undefined)?.toHexString();
const notes = (rows: Row[]) => rows.map((row) => row['note']);

describe('scheduled rows', () => {
  it('[SC1] fire once, as the database itself, not before their time, and are gone', async () => {
    const { name, client, fired } = await fresh();
    await client.reducers['plan']?.({ note: 'soon', inMs: 60n });
    expect(rowsOf(client, 'once')).toHaveLength(1);
    await until('it fired', () => fired().length > 0);
    const [row] = fired();
    await until('its row is gone', () => rowsOf(client, 'once').length === 0);
    const identity = (await host.ask('GET', `/v1/database/${name}/identity`)).text;
    expect(hexOf(row)).toBe(identity);
    expect(row?.['hasConnection']).toBe(false);
    expect(micros(row?.['at'])).toBeGreaterThanOrEqual(micros(row?.['due']));
    expect(fired()).toHaveLength(1);
  });

  it('[SC1] the past and the present are due at once, the earliest first', async () => {
    const { client, fired } = await fresh();
    await Promise.all([
      client.reducers['plan']?.({ note: 'now', inMs: 0n }),
      client.reducers['plan']?.({ note: 'past', inMs: -1000n }),
      client.reducers['plan']?.({ note: 'long past', inMs: -1_000_000n }),
    ]);
    await until('all fired', () => fired().length === 3);
    expect(notes(fired())).toEqual(['long past', 'past', 'now']);
  });

  it('[SC1] a row that was deleted, moved or undone does not fire at its old time', async () => {
    const { client, fired } = await fresh();
    await client.reducers['plan']?.({ note: 'cancelled', inMs: 80n });
    await client.reducers['cancel']?.();
    await client.reducers['plan']?.({ note: 'moved', inMs: 80n });
    const [row] = rowsOf(client, 'once');
    await client.reducers['move']?.({ id: row?.['id'], inMs: 250n });
    const asked = Date.now();
    await client.reducers['planThenFail']?.().catch(() => {});
    await until('the moved one fired', () => fired().length > 0);
    expect(notes(fired())).toEqual(['moved']);
    expect(Date.now() - asked).toBeGreaterThan(200);
  });

  it('[SC1] a row is gone also after its reducer threw, and the failure is in the log', async () => {
    const { name, client, fired } = await fresh();
    await client.reducers['plan']?.({ note: 'throw', inMs: 0n });
    await until('it is gone', () => rowsOf(client, 'once').length === 0);
    expect(fired()).toEqual([]);
    const log = await host.logs(name);
    expect(log.some(({ message }) => message.includes('a scheduled reducer throws'))).toBe(true);
  });

  it('[SC5] the log tells what nobody waited for and was refused', async () => {
    const { name, client } = await fresh();
    await client.reducers['plan']?.({ note: 'refuse', inMs: 0n });
    await client.reducers['atOnce']?.({ note: 'refuse', fails: false });
    await client.reducers['plan']?.({ note: 'stay', inMs: 0n });
    await until('it fired', () => rowsOf(client, 'fired').some((row) => row['note'] === 'stay'));
    client.disconnect();
    const messages = await until('all three are told', async () => {
      const told = (await host.logs(name)).map(({ message }) => message);
      return told.some((message) => message.includes('disconnect')) && told;
    });
    expect(messages).toContain('The scheduled reducer `fire_once` failed: a scheduled reducer refuses');
    expect(messages).toContain('The reducer `hidden`, run at once, failed: what was to run at once refuses');
    expect(messages).toContain('The disconnect hook failed: nobody may leave');
  });

  it('[SC1] a chain of rows that are due at once starves nobody', async () => {
    const { client, fired } = await fresh();
    await client.reducers['plan']?.({ note: 'chain500', inMs: 0n });
    await client.reducers['speak']?.();
    await until('the chain ended', () => fired().length === 501);
  });

  it('[SC2] an interval fires again and again until its row is deleted', async () => {
    const { client, fired } = await fresh();
    await client.reducers['repeat']?.({ note: 'three times', everyMs: 20n });
    await until('it stopped', () => rowsOf(client, 'again').length === 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fired()).toHaveLength(3);
    const times = fired().map((row) => micros(row['at']));
    for (let i = 1; i < times.length; i++) expect((times[i] ?? 0n) - (times[i - 1] ?? 0n)).toBeGreaterThan(1_000n);
  });

  it('[SC1] rows wait through a restart; what was missed fires once', async () => {
    const { name, client } = await fresh();
    await client.reducers['plan']?.({ note: 'missed', inMs: 100n });
    await client.reducers['plan']?.({ note: 'waits', inMs: 1500n });
    await client.reducers['repeat']?.({ note: 'ticks', everyMs: 50n });
    await host.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await host.open();
    const again = await join(name);
    await until('all fired', () => notes(again.fired()).includes('waits'));
    expect(notes(again.fired()).filter((note) => note === 'missed')).toHaveLength(1);
    await until('it ticks again', () => notes(again.fired()).filter((note) => note === 'ticks').length > 3);
    await again.client.reducers['cancel']?.();
    expect(rowsOf(again.client, 'once')).toEqual([]);
  });

  it('[MOD14] scheduled reducers are not for clients', async () => {
    const { name } = await fresh();
    expect((await host.call(name, 'fire_once', [[1, [0, [0]], 'x']])).status).toBe(400);
  });
});

describe('calls outside of the transaction', () => {
  it('[MOD56] are made as the database, also when the caller’s own transaction is undone', async () => {
    const { name, client, fired } = await fresh();
    await client.reducers['atOnce']?.({ note: 'a', fails: false });
    await client.reducers['atOnce']?.({ note: 'b', fails: true }).catch(() => {});
    await until('both are done', () => fired().length === 3);
    expect(notes(fired())).toEqual(['a asked', 'a done', 'b done']);
    const identity = (await host.ask('GET', `/v1/database/${name}/identity`)).text;
    expect(hexOf(fired()[1])).toBe(identity);
  });
});

describe('what a module says', () => {
  it('[MOD4] goes into the log with level, time, file and line', async () => {
    const { name, client } = await fresh();
    await client.reducers['speak']?.();
    const log = await host.logs(name);
    const said = log.map(({ level, message }) => [level, message.split('\n')[0]]);
    expect(said.slice(0, 5)).toEqual([
      ['Error', expect.stringContaining('an error')],
      ['Warn', 'a warning'],
      ['Info', 'some information'],
      ['Info', 'a line'],
      ['Debug', 'a detail'],
    ]);
    expect(log.find(({ message }) => message.includes('Timing span'))).toMatchObject({
      level: 'Info',
      message: expect.stringMatching(/^Timing span "a span": .+/),
    });
    expect(log[0]).toMatchObject({
      filename: expect.stringContaining('clockwork.ts'),
      line_number: expect.any(Number),
    });
    expect(JSON.stringify(log)).not.toContain('not said');
  });
});

describe('determinism', () => {
  it('[MOD2] all that a module can draw comes from its call', async () => {
    const { name, client } = await fresh();
    await client.reducers['draw']?.();
    const drawn = rowsOf(client, 'drawn').map((row) => [row['kind'], row['value']] as [string, string]);
    const of = (kind: string) => drawn.filter(([other]) => other === kind).map(([, value]) => value);
    expect(new Set(of('random')).size).toBe(2);
    for (const value of of('random')) expect(Number(value)).toBeGreaterThanOrEqual(0);
    expect([1, 2, 3, 4, 5, 6]).toContain(Number(of('integer')[0]));
    for (const uuid of of('uuid4')) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
    for (const uuid of of('uuid7')) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    expect([...of('uuid7')].sort()).toEqual(of('uuid7'));
    expect(new Set([...of('uuid4'), ...of('uuid7')]).size).toBe(4);
    expect(of('database')).toEqual([(await host.ask('GET', `/v1/database/${name}/identity`)).text]);
    expect(of('Math.random')).toEqual(['refused']);
    for (const name of ['fetch', 'setTimeout', 'process', 'require', 'WebSocket']) expect(of(name)).toEqual(['false']);
  });

  it('[MOD56] a module knows its caller’s claims', async () => {
    const { client } = await fresh();
    await client.reducers['claims']?.();
    const [subject, internal] = rowsOf(client, 'drawn').map((row) => String(row['value']));
    expect(subject).toMatch(/^localhost [0-9a-f-]{36}$/);
    expect(internal).toBe('false');
  });
});
