import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileBindings, connect, failureOf, subscribe, until } from './support/client.ts';
import { bundleOf, TestHost } from './support/host.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.close());

const source = (more = '') => `
  const player = table({ name: 'player', public: true }, { id: t.u64().primaryKey().autoInc(), level: t.u32().index('btree') });
  const secret = table({ name: 'secret' }, { text: t.string() });
  const s = schema({ player, secret });
  export default s;
  export const best = s.anonymousView({ name: 'best', public: true }, t.array(player.rowType), (ctx) => {
    console.info('best runs');
    return [...ctx.db.player.level.filter(9)];
  });
  export const add = s.reducer({ level: t.u32() }, (ctx, { level }) => { ctx.db.player.insert({ id: 0n, level }); });
  ${more}`;

describe('the tables of the host', () => {
  it('[QX10] tell the owner what the module defines', async () => {
    const rule = `export const visible = s.clientVisibilityFilter.sql('SELECT * FROM player WHERE level > 1');`;
    await host.tryPublish('defined', await bundleOf(source(rule)));
    const rows = (sql: string) => host.rows('defined', sql);
    expect(await rows('SELECT table_name, table_access, table_primary_key FROM st_table')).toEqual([
      ['player', 'public', [0, [0]]],
      ['secret', 'private', [1, []]],
    ]);
    expect(await rows('SELECT col_name, col_type FROM st_column WHERE col_pos = 0')).toEqual([
      ['id', '0d'],
      ['text', '04'],
    ]);
    expect(await rows(`SELECT index_name FROM st_index WHERE index_name = 'player_level_idx_btree'`)).toHaveLength(1);
    expect(await rows('SELECT sequence_name FROM st_sequence')).toEqual([['player_id_seq']]);
    expect(await rows('SELECT view_name, is_public, is_anonymous FROM st_view')).toEqual([['best', true, true]]);
    expect(await rows('SELECT col_name FROM st_view_column')).toEqual([['id'], ['level']]);
    expect(await rows('SELECT sql FROM st_row_level_security')).toEqual([['SELECT * FROM player WHERE level > 1']]);
  });

  it('[QX10] show who is connected, live, to the owner only', async () => {
    const bundle = await bundleOf(source());
    await host.tryPublish('connected', bundle);
    const bindings = await compileBindings(bundle);
    const stranger = await connect(host, bindings, 'connected');
    const refused = await failureOf(subscribe(stranger, 'SELECT * FROM st_client'));
    expect(refused?.message).toContain('no such table: `st_client`');
    const identities = async () =>
      (await host.rows('connected', 'SELECT identity FROM st_client')).map((row) => (row as [[string]])[0][0]);
    expect(await identities()).toContain(`0x${stranger.identity.toHexString()}`);
    stranger.disconnect();
    await until('its row is gone', async () => !(await identities()).includes(`0x${stranger.identity.toHexString()}`));
    for (const sql of ['DELETE FROM st_client', `INSERT INTO st_table (table_id) VALUES (1)`]) {
      const { status, text } = await host.ask('POST', '/v1/database/connected/sql', { body: sql });
      expect([status, text]).toEqual([400, expect.stringContaining("the host's own")]);
    }
  });

  it('[QR7] rules for a private table are refused', async () => {
    const rule = `export const visible = s.clientVisibilityFilter.sql('SELECT * FROM secret');`;
    const { status, text } = await host.tryPublish('private', await bundleOf(source(rule)));
    expect([status, text]).toEqual([400, expect.stringContaining('`secret` is private')]);
  });
});

describe('a view that is only queried', () => {
  it('[QV8] runs when what it read changes, not for each query', async () => {
    await host.tryPublish('queried', await bundleOf(source()));
    const runs = async () => (await host.logs('queried')).filter(({ message }) => message === 'best runs').length;
    const levels = () => host.rows('queried', 'SELECT level FROM best');
    expect([await levels(), await levels(), await runs()]).toEqual([[], [], 1]);
    await host.call('queried', 'add', [9]);
    expect([await levels(), await levels(), await runs()]).toEqual([[[9]], [[9]], 2]);
    await host.call('queried', 'add', [1]);
    expect([await levels(), await runs()]).toEqual([[[9]], 2]);
    for (let i = 0; i < 20; i++) await host.call('queried', 'add', [9]);
    const idle = await runs();
    expect(idle).toBeLessThan(22);
    expect([(await levels()).length, await runs()]).toEqual([21, idle + 1]);
  });

  it('[QV8] fails nobody when it throws', async () => {
    const throwing = source().replace(
      `console.info('best runs');`,
      `if (ctx.db.player.count() > 0n) throw new Error('no');`,
    );
    await host.tryPublish('throwing', await bundleOf(throwing));
    expect(await host.rows('throwing', 'SELECT * FROM best')).toEqual([]);
    expect((await host.call('throwing', 'add', [9])).status).toBe(200);
    expect((await host.ask('POST', '/v1/database/throwing/sql', { body: 'SELECT * FROM best' })).status).toBe(400);
  });
});

describe('an update that breaks clients', () => {
  it('[MIG5] says in the log that it disconnects them', async () => {
    const bundle = await bundleOf(source());
    await host.tryPublish('breaking', bundle);
    let isDisconnected = false;
    await connect(host, await compileBindings(bundle), 'breaking', {
      onDisconnect: () => {
        isDisconnected = true;
      },
    });
    const { status } = await host.tryPublish(
      'breaking',
      await bundleOf(source().replace('text: t.string()', `text: t.string(), more: t.u8().default(1)`)),
      '&policy=BreakClients',
    );
    expect(status).toBe(200);
    await until('it is disconnected', () => isDisconnected);
    const messages = (await host.logs('breaking')).map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringContaining('Disconnecting all users'));
  });
});
