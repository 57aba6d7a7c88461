import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindingsOf, connect, failureOf, rowsOf, subscribe } from './support/client.ts';
import { bundled, bundleOf, TestHost } from './support/host.ts';
import { add, freshName, publishTo, source, type Version } from './support/shop.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 300 });
});
afterAll(() => host.close());

const publish = (name: string, version: Version, query?: string) => publishTo(host, name, version, query);

describe('creating', () => {
  it('[HTTP3] a database with a name, and the same name again as an update', async () => {
    const name = freshName();
    const created = await publish(name, { more: add });
    expect(created.status).toBe(200);
    const { Success } = created.json as { Success: Record<string, string> };
    expect(Success).toEqual({
      domain: name,
      database_identity: expect.stringMatching(/^[0-9a-f]{64}$/),
      op: 'created',
    });
    const updated = await publish(name, { more: add });
    expect(updated.json).toEqual({ Success: { ...Success, op: 'updated' } });
    const byIdentity = await publish(Success['database_identity'] ?? '', { more: add });
    expect(byIdentity.json).toEqual({ Success: { ...Success, domain: null, op: 'updated' } });
  });

  it('[HTTP3] a database without a name is found by its identity', async () => {
    const answer = await host.ask('POST', '/v1/database?host_type=Js', { body: await bundleOf(source({ more: add })) });
    const { Success } = answer.json as { Success: Record<string, string> };
    expect(Success).toMatchObject({ domain: null, op: 'created' });
    expect((await host.call(Success['database_identity'] ?? '', 'add', ['x', 1])).status).toBe(200);
  });

  it('[HTTP3] two publishers of one name at once make one database', async () => {
    const name = freshName();
    const answers = await Promise.all([publish(name, { more: add }), publish(name, { more: add })]);
    const results = answers.map(({ json }) => (json as { Success: { op: string; database_identity: string } }).Success);
    expect(results.map(({ op }) => op).sort()).toEqual(['created', 'updated']);
    expect(new Set(results.map((result) => result.database_identity)).size).toBe(1);
  });

  it('[MOD8] while a module is loaded that never ends, other databases are served, made and renamed', async () => {
    const [other, name] = [freshName(), freshName()];
    await publish(other, { more: add });
    let hasEnded = false;
    const endless = host.tryPublish(name, 'for (;;);').finally(() => {
      hasEnded = true;
    });
    // By then it is being loaded, and for as long again and more.
    const laterMs = performance.now() + 3000;
    while (performance.now() < laterMs) expect((await host.call(other, 'add', ['x', 1])).status).toBe(200);
    expect((await host.call(other, 'add', ['late', 1])).status).toBe(200);
    expect(
      (await host.ask('PUT', `/v1/database/${other}/names`, { body: JSON.stringify([`${other}-2`]) })).status,
    ).toBe(200);
    expect(hasEnded).toBe(false);
    const answer = await endless;
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('loading it takes longer than 10000 ms');
    expect((await host.ask('GET', `/v1/database/${name}`)).status).toBe(404);
  }, 60_000);

  it.each([
    ['text that is no program', 'this is { not JavaScript', /SyntaxError|Unexpected|Expected/],
    ['a program that is no module', 'export const x = 1;', /default|schema/],
    ['a program that throws', 'throw new Error("no thanks");', /no thanks/],
    ['a system that does not exist', 'import { x } from "spacetime:sys@9.9"; export default x;', /spacetime:sys@9\.9/],
  ])(
    '[MOD7] %s is refused with the reason',
    async (_, bundle, reason) => {
      const name = freshName();
      const answer = await host.tryPublish(name, bundle);
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(reason);
      expect((await host.ask('GET', `/v1/database/${name}`)).status).toBe(404);
    },
    60_000,
  );

  it.each([
    ['that throws', `throw new Error('init says no')`, /init/],
    ['that refuses', `throw new SenderError('init says no')`, /init says no/],
    ['that never ends', 'for (;;);', /ms/],
  ])('[INIT1] an init hook %s leaves no database', async (_, body, reason) => {
    const name = freshName();
    const answer = await publish(name, { more: `export const init = s.init((ctx) => { ${body} });` });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(reason);
    expect((await host.ask('GET', `/v1/database/${name}`)).status).toBe(404);
    expect((await publish(name, { more: add })).json).toMatchObject({ Success: { op: 'created' } });
  });

  it.each([
    [
      'a rule of row-level security on a missing table',
      `export const r = s.clientVisibilityFilter.sql('SELECT * FROM nobody');`,
      /nobody/,
    ],
    ['a rule that is no query', `export const r = s.clientVisibilityFilter.sql('DELETE FROM product');`, /SELECT/i],
  ])('[RLS1] %s is refused', async (_, more, reason) => {
    const name = freshName();
    const created = await publish(name, { more });
    expect([created.status, reason.test(created.text)]).toEqual([400, true]);
    expect((await publish(name, { more: add })).status).toBe(200);
    await host.call(name, 'add', ['x', 1]);
    const updated = await publish(name, { more: add + more });
    expect([updated.status, reason.test(updated.text)]).toEqual([400, true]);
    expect(await host.rows(name, 'SELECT name FROM product')).toEqual([['x']]);
  });

  it('[HTTP3] a stranger cannot publish to, plan, reset, lock, rename or delete somebody’s database', async () => {
    const name = freshName();
    await publish(name, { more: add });
    const { token } = (await host.ask('POST', '/v1/identity', { token: null })).json as { token: string };
    const bundle = await bundleOf(source({ more: add }));
    const put = await host.ask('PUT', `/v1/database/${name}?host_type=Js`, { body: bundle, token });
    expect([put.status, put.json]).toEqual([401, { PermissionDenied: { name } }]);
    for (const [method, path] of [
      ['POST', 'pre_publish'],
      ['PUT', 'reset'],
      ['POST', 'lock'],
      ['POST', 'names'],
      ['PUT', 'names'],
      ['GET', 'logs'],
      ['DELETE', ''],
    ] as const) {
      const body =
        method === 'GET'
          ? {}
          : { body: path === 'names' && method === 'PUT' ? '["mine"]' : path === 'names' ? 'mine' : bundle };
      const answer = await host.ask(method, `/v1/database/${name}/${path}`.replace(/\/$/, ''), { token, ...body });
      expect([method, path, [401, 403].includes(answer.status)]).toEqual([method, path, true]);
    }
    expect((await host.call(name, 'add', ['x', 1])).status).toBe(200);
  });
});

describe('the registry', () => {
  it('[HTTP3] a locked database is neither deleted, reset nor cleared', async () => {
    const name = freshName();
    const bundle = await bundleOf(source({ more: add }));
    await host.tryPublish(name, bundle);
    await host.call(name, 'add', ['x', 1]);
    expect((await host.ask('POST', `/v1/database/${name}/lock`)).status).toBe(200);
    expect([403, 409]).toContain((await host.ask('DELETE', `/v1/database/${name}`)).status);
    expect([403, 409]).toContain((await host.ask('PUT', `/v1/database/${name}/reset`)).status);
    expect([403, 409]).toContain((await host.tryPublish(name, bundle, '&clear=true')).status);
    expect(await host.rows(name, 'SELECT name FROM product')).toEqual([['x']]);
    await host.ask('POST', `/v1/database/${name}/unlock`);
    expect((await host.ask('DELETE', `/v1/database/${name}`)).status).toBe(200);
  });

  it('[HTTP3] names are listed, added and replaced; one that is taken is refused', async () => {
    const [name, other] = [freshName(), freshName()];
    await publish(name, { more: add });
    await publish(other, { more: add });
    const names = async (of: string) =>
      ((await host.ask('GET', `/v1/database/${of}/names`)).json as { names: string[] }).names;
    expect(await names(name)).toEqual([name]);
    expect((await host.ask('POST', `/v1/database/${name}/names`, { body: `${name}-too` })).status).toBe(200);
    expect(await names(`${name}-too`)).toEqual([name, `${name}-too`]);
    expect((await host.ask('POST', `/v1/database/${name}/names`, { body: other })).status).toBe(401);
    expect(
      (await host.ask('PUT', `/v1/database/${name}/names`, { body: JSON.stringify([`${name}-new`]) })).status,
    ).toBe(200);
    expect((await host.ask('GET', `/v1/database/${name}`)).status).toBe(404);
    expect(await names(`${name}-new`)).toEqual([`${name}-new`]);
    expect(
      (await host.ask('PUT', `/v1/database/${name}-new/names`, { body: JSON.stringify([other]) })).status,
    ).not.toBe(200);
  });

  it('[RESET1] a reset keeps identity and names, runs init again, and takes another program when there is one', async () => {
    const name = freshName();
    await host.tryPublish(name, await bundled('basic'));
    const identity = (await host.ask('GET', `/v1/database/${name}/identity`)).text;
    await host.call(name, 'add', ['x', 1]);
    expect((await host.ask('PUT', `/v1/database/${name}/reset`)).status).toBe(200);
    expect(await host.rows(name, 'SELECT * FROM item')).toEqual([]);
    expect(await host.rows(name, "SELECT * FROM diary WHERE what = 'init'")).toHaveLength(1);
    expect((await host.ask('GET', `/v1/database/${name}/identity`)).text).toBe(identity);
    const body = await bundleOf(source({ more: add }));
    expect((await host.ask('PUT', `/v1/database/${name}/reset`, { body })).status).toBe(200);
    expect((await host.call(name, 'add', ['y', 2])).status).toBe(200);
    await host.reopen();
    expect(await host.rows(name, 'SELECT name FROM product')).toEqual([['y']]);
  });

  it('[RESET2] a reset whose init fails leaves the database as it was', async () => {
    const name = freshName();
    await publish(name, { more: add });
    await host.call(name, 'add', ['x', 1]);
    const broken = await bundleOf(
      source({ more: `export const init = s.init(() => { throw new SenderError('no'); });` }),
    );
    expect((await host.ask('PUT', `/v1/database/${name}/reset`, { body: broken })).status).toBe(400);
    expect((await host.tryPublish(name, broken, '&clear=true')).status).toBe(400);
    expect(await host.rows(name, 'SELECT name FROM product')).toEqual([['x']]);
    await host.reopen();
    expect(await host.rows(name, 'SELECT name FROM product')).toEqual([['x']]);
  });

  it('[HTTP3] databases of one host know nothing of each other', async () => {
    const [one, two] = [freshName(), freshName()];
    await host.publish(one, 'basic');
    await host.publish(two, 'basic');
    const bindings = await bindingsOf('basic');
    const [a, b] = [await connect(host, bindings, one), await connect(host, bindings, two)];
    await Promise.all([subscribe(a, 'SELECT * FROM item'), subscribe(b, 'SELECT * FROM item')]);
    await a.reducers['add']?.({ label: 'only here', size: 1 });
    expect(await failureOf(b.reducers['remove']?.({ label: 'only here' }))).toMatchObject({ name: 'SenderError' });
    expect(rowsOf(b, 'item')).toEqual([]);
    const { identity } = host.host.operator;
    const hex = identity.toString(16).padStart(64, '0');
    const { identities } = (await host.ask('GET', `/v1/identity/${hex}/databases`)).json as { identities: string[] };
    for (const name of [one, two])
      expect(identities).toContain((await host.ask('GET', `/v1/database/${name}/identity`)).text);
  });
});
