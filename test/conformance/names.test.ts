import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindingsOf, connect, rowsOf, subscribe } from './support/client.ts';
import { bundleOf, TestHost } from './support/host.ts';

const submodules = '../../fixtures/modules/submodules/index';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
  await host.publish('names', 'names');
  await host.publish('nested', submodules);
});
afterAll(() => host.close());

describe('names', () => {
  it('[MOD10] are canonical on the wire and the module’s own in the module', async () => {
    const answer = await host.call('names', 'set_player_1_name', { player_1_id: 7, new_name: 'x' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    const schema = await host.ask('GET', '/v1/database/names/schema?version=9');
    const { tables, reducers } = schema.json as { tables: { name: string }[]; reducers: { name: string }[] };
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['logged_out_player', 'visitor']));
    expect(reducers.map(({ name }) => name)).toEqual(expect.arrayContaining(['set_player_1_name', 'given_name']));
  });

  it('[MOD10] of the source are found too', async () => {
    const rows = [[7, 'x', 1, [1, []]]];
    expect(await host.rows('names', 'SELECT * FROM logged_out_player')).toEqual(rows);
    expect(await host.rows('names', 'SELECT * FROM loggedOutPlayer WHERE player1Id = 7')).toEqual(rows);
    expect(await host.rows('names', 'SELECT * FROM "logged_out_player" WHERE "player_1_id" = 7')).toEqual(rows);
    expect(await host.rows('names', 'SELECT * FROM visitor')).toEqual([]);
    expect(await host.rows('names', 'SELECT * FROM guests')).toEqual([]);
    expect((await host.call('names', 'setPlayer1Name', [8, 'y'])).status).toBe(200);
    expect((await host.call('names', 'given_name', [1])).status).toBe(200);
  });

  it('[CG3] are camelCase for the client', async () => {
    const client = await connect(host, await bindingsOf('names'), 'names');
    await subscribe(client, 'SELECT * FROM *');
    await client.reducers['setPlayer1Name']?.({ player1Id: 9n, newName: 'z' });
    expect(rowsOf(client, 'loggedOutPlayer').map((row) => [row['player1Id'], row['skillLevel']])).toContainEqual([
      9n,
      { tag: 'HighLevel', value: {} },
    ]);
  });

  it('[MOD16] stay as they are with the policy None', async () => {
    const bundle = await bundleOf(`
      import { CaseConversionPolicy } from 'spacetimedb/server';
      const userRow = table({ public: true }, { userId: t.u64().primaryKey(), FullName: t.string() });
      const s = schema({ userRow }, { CASE_CONVERSION_POLICY: CaseConversionPolicy.None });
      export default s;
      export const addUser = s.reducer({ FullName: t.string() }, (ctx, { FullName }) => { ctx.db.userRow.insert({ userId: 1n, FullName }); });
    `);
    expect((await host.tryPublish('as-is', bundle)).text).toContain('created');
    expect((await host.call('as-is', 'addUser', { FullName: 'A' })).status).toBe(200);
    expect(await host.rows('as-is', 'SELECT FullName FROM userRow WHERE userId = 1')).toEqual([['A']]);
  });

  it.each([
    ['a reserved word', 'select'],
    ['a name of the system', 'st_mine'],
    ['no identifier', 'two words'],
    ['a digit first', '1st'],
  ])('[MOD18] %s is no name of a table', async (_, name) => {
    const bundle = await bundleOf(
      `const s = schema({ row: table({ name: '${name}' }, { id: t.u32() }) }); export default s;`,
    );
    const answer = await host.tryPublish('bad-name', bundle);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(name)]);
  });

  it('[MOD30] all problems are listed at once', async () => {
    const bundle = await bundleOf(`
      const a = table({ name: 'select' }, { id: t.u32() });
      const b = table({ name: 'b', indexes: [{ accessor: 'x', algorithm: 'direct', column: 'text' }] }, { text: t.string() });
      const s = schema({ a, b }); export default s;
    `);
    const { status, text } = await host.tryPublish('bad-many', bundle);
    expect(status).toBe(400);
    expect(text).toContain('select');
    expect(text).toMatch(/direct/i);
  });
});

describe('[MOD13] submodules', () => {
  it('have their own tables and reducers, under their names', async () => {
    for (const [fn, args] of [
      ['add_project', [1, { Owner: [] }]],
      ['auth.sign_up', [{ Admin: [] }]],
    ] as const) {
      const answer = await host.call('nested', fn, args);
      expect([fn, answer.status, answer.text]).toEqual([fn, 200, '']);
    }
    const rows = [[1, [0, []]]];
    expect(await host.rows('nested', 'SELECT * FROM auth.account')).toEqual(rows);
    expect(await host.rows('nested', 'SELECT * FROM "auth"."account"')).toEqual(rows);
    expect(await host.rows('nested', 'SELECT * FROM auth.tokens.access_token')).toEqual([]);
  });

  it('are seen by clients', async () => {
    const client = await connect(host, await bindingsOf(submodules), 'nested');
    await subscribe(client, 'SELECT * FROM *');
    expect(rowsOf(client, 'auth.account')).toEqual([{ id: 1n, role: expect.objectContaining({ tag: 'Admin' }) }]);
  });

  it('are there after a restart', async () => {
    await host.reopen();
    await host.call('nested', 'auth.sign_up', [{ Guest: [] }]);
    expect(await host.rows('nested', 'SELECT * FROM auth.account')).toEqual([
      [1, [0, []]],
      [2, [1, []]],
    ]);
  });
});
