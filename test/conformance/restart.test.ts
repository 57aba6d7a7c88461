import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { type Bindings, bindingsOf, type Connection, connect, rowsOf, subscribe, until } from './support/client.ts';
import { moduleFile, TestHost } from './support/host.ts';
import { asker } from './support/http.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('SQL that writes for longer than a reducer may run', () => {
  it('[QX13] is refused and undone, and nobody is disconnected', async () => {
    const host = await TestHost.start({ callMsMax: 60_000 });
    closing.push(() => host.close());
    await host.publish('large', 'basic');
    await host.call('large', 'add_many', [30_000, 'x']);
    await host.reopen({ callMsMax: 1 });
    const client = await connect(host, await bindingsOf('basic'), 'large');
    const sql = (body: string) => host.ask('POST', '/v1/database/large/sql', { body });
    for (const write of ['UPDATE item SET size = 1', 'DELETE FROM item WHERE size >= 0']) {
      const { status, text } = await sql(write);
      expect([status, text]).toEqual([530, 'This ran longer than 1 ms and was undone: do it in parts.']);
    }
    const count = 'SELECT COUNT(*) AS n FROM item WHERE size = 1';
    expect([await host.rows('large', count), await host.rows('large', count.replace(' WHERE size = 1', ''))]).toEqual([
      [[1]],
      [[30_000]],
    ]);
    expect(client.isActive).toBe(true);
    expect((await host.logs('large')).map(({ message }) => message).join()).not.toContain('opened again');
  });
});

describe('a host that is stopped and started again', () => {
  it('[SERVE4] has the same rows, names, tokens and modules, and ran every disconnect hook', async () => {
    const host = await TestHost.start();
    closing.push(() => host.close());
    await host.publish('one', 'basic');
    await host.publish('two', 'basic');
    await host.ask('POST', '/v1/database/one/names', { body: 'uno' });
    await host.ask('POST', '/v1/database/two/lock');
    const bindings = await bindingsOf('basic');
    const client = await connect(host, bindings, 'one');
    await client.reducers['addMany']?.({ count: 300, prefix: 'x' });
    await client.reducers['resize']?.({ label: 'x7', size: 1000 });
    await client.reducers['remove']?.({ label: 'x8' });
    const { token, identity } = client;
    const rows = await host.rows('one', 'SELECT * FROM item');
    const described = (await host.ask('GET', '/v1/database/one')).json;
    const operator = host.token;

    await host.reopen();
    expect(host.token).toBe(operator);
    expect((await host.ask('GET', '/v1/database/uno')).json).toEqual(described);
    const sorted = (list: unknown[]) => list.map((row) => JSON.stringify(row)).sort();
    expect(sorted(await host.rows('one', 'SELECT * FROM item'))).toEqual(sorted(rows));
    expect((await host.ask('DELETE', '/v1/database/two')).status).toBe(409);
    const again = await connect(host, bindings, 'uno', { token });
    expect(again.identity.isEqual(identity)).toBe(true);
    const diary = `SELECT what FROM diary WHERE sender = 0x${identity.toHexString()}`;
    expect(await host.rows('one', diary)).toEqual([['connect'], ['disconnect'], ['connect']]);
  });

  it('[MIG7] goes through every version of the module again', async () => {
    const host = await TestHost.start();
    closing.push(() => host.close());
    const version = (columns: string, values: string) => `
      const s = schema({ thing: table({ name: 'thing', public: true }, { id: t.u64().primaryKey().autoInc(), ${columns} }) });
      export default s;
      export const put = s.reducer((ctx) => { ctx.db.thing.insert({ id: 0n, ${values} }); });`;
    const { bundleOf } = await import('./support/host.ts');
    const versions = [
      version('a: t.u32()', 'a: 1'),
      version(`a: t.u32(), b: t.string().default('b')`, `a: 2, b: 'x'`),
      version(
        `a: t.u32().index('btree'), b: t.string().default('b'), c: t.bool().default(true)`,
        `a: 3, b: 'y', c: false`,
      ),
    ];
    for (const source of versions) {
      const answer = await host.tryPublish('thing', await bundleOf(source), '&policy=BreakClients');
      expect([answer.status, answer.text]).toEqual([200, answer.text]);
      await host.call('thing', 'put');
      await host.reopen();
    }
    await host.call('thing', 'put');
    expect(await host.rows('thing', 'SELECT a, b, c FROM thing')).toEqual([
      [1, 'b', true],
      [2, 'x', true],
      [3, 'y', false],
      [3, 'y', false],
    ]);
    expect(await host.rows('thing', 'SELECT b FROM thing WHERE a = 2')).toEqual([['x']]);
  });
});

describe('a host that is killed', () => {
  it('[CRASH3] has what it confirmed, and says goodbye for the clients that were connected', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'helix-conformance-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const data = join(folder, 'data');
    const start = async (): Promise<{ hub: HelixProcess; url: string }> => {
      const args = ['hub', 'start', '--module', moduleFile('basic'), '--name', 'killed', '--data', data];
      const hub = startHelix([...args, '--listen', '127.0.0.1:0']);
      closing.push(() => hub.kill());
      const [, url = ''] = await hub.line(/listening on (http:\/\/\S+)/);
      return { hub, url };
    };
    const first = await start();
    const bindings = await bindingsOf('basic');
    const [alice, bob] = await Promise.all([open(first.url, bindings), open(first.url, bindings)]);
    const { identity, connectionId } = alice;
    const confirmed: string[] = [];
    const calls = Array.from({ length: 500 }, async (_, i) => {
      await alice.reducers['add']?.({ label: `l${i}`, size: i });
      confirmed.push(`l${i}`);
      if (confirmed.length === 200) void first.hub.kill();
    });
    await Promise.race([
      Promise.allSettled(calls),
      first.hub.exited.then(() => new Promise((r) => setTimeout(r, 200))),
    ]);
    for (const client of [alice, bob]) client.disconnect();
    expect(confirmed.length).toBeGreaterThanOrEqual(200);

    const second = await start();
    const carol = await open(second.url, bindings);
    await subscribe(carol, 'SELECT * FROM item', 'SELECT * FROM diary');
    const labels = new Set(rowsOf(carol, 'item').map((row) => row['label']));
    expect(confirmed.filter((label) => !labels.has(label))).toEqual([]);
    const gone = rowsOf(carol, 'diary').filter((row) => row['what'] === 'disconnect');
    expect(gone).toHaveLength(2);
    const ofAlice = gone.find((row) => (row['sender'] as typeof identity).isEqual(identity));
    expect((ofAlice?.['connection'] as typeof connectionId | undefined)?.isEqual(connectionId)).toBe(true);
    const token = readFileSync(join(data, 'operator.token'), 'utf8').trim();
    const ids = rowsOf(carol, 'item').map((row) => row['id'] as bigint);
    await carol.reducers['add']?.({ label: 'after', size: 0 });
    const after = rowsOf(carol, 'item').find((row) => row['label'] === 'after');
    expect(ids).not.toContain(after?.['id']);
    expect((await asker(second.url, token)('GET', '/v1/database/killed/logs')).status).toBe(200);
    carol.disconnect();
    await until('it ends by itself when asked', async () => (await second.hub.stop()) === 0);
  }, 60_000);

  it('[CRASH3] a client without the client library is no different', async () => {
    const host = await TestHost.start();
    closing.push(() => host.close());
    await host.publish('raw', 'basic');
    const address = `${host.url.replace('http', 'ws')}/v1/database/raw/subscribe`;
    const socket = new WebSocket(address, ['v2.bsatn.spacetimedb']);
    await new Promise((resolve) => socket.on('open', resolve));
    socket.terminate();
    const left = async () => (await host.rows('raw', "SELECT * FROM diary WHERE what = 'disconnect'")).length;
    await until('the hook ran', async () => (await left()) >= 2);
  });
});

function open(url: string, bindings: Bindings): Promise<Connection> {
  return new Promise((resolve, reject) => {
    bindings.DbConnection.builder()
      .withUri(url)
      .withDatabaseName('killed')
      .onConnect(resolve)
      .onConnectError((_context, error) => reject(error))
      .build();
  });
}
