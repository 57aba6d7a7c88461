import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindingsOf, compileBindings, connect, failureOf, rowsOf, subscribe, until } from './support/client.ts';
import { bundled, bundleOf, TestHost } from './support/host.ts';

let host: TestHost;
let databases = 0;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 300 });
});
afterAll(() => host.close());

function freshName(): string {
  databases += 1;
  return `shop-${databases}`;
}

interface Version {
  /** Columns of the table `product`. */
  readonly columns?: string;
  readonly options?: string;
  /** More tables, as entries of the schema. */
  readonly tables?: string;
  /** Further exports. */
  readonly more?: string;
}

const columnsDefault = `id: t.u64().primaryKey().autoInc(), name: t.string(), price: t.u32()`;

const source = ({
  columns = columnsDefault,
  options = 'public: true',
  tables = '',
  more = '',
}: Version = {}): string => `
const Colour = t.enum('Colour', ['Red', 'Green']);
const Wider = t.enum('Colour', ['Red', 'Green', 'Blue']);
const Narrower = t.enum('Colour', ['Red']);
const Renamed = t.enum('Colour', ['Red', 'Verde']);
const product = table({ name: 'product', ${options} }, { ${columns} });
const s = schema({ product, ${tables} });
export default s;
${more}`;

const add = `export const add = s.reducer({ name: t.string(), price: t.u32() }, (ctx, { name, price }) => {
  ctx.db.product.insert({ id: 0n, name, price });
});`;

async function publish(name: string, version: Version, query = '') {
  return host.tryPublish(name, await bundleOf(source(version)), query);
}

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

  it.each([
    ['text that is no program', 'this is { not JavaScript', /SyntaxError|Unexpected|Expected/],
    ['a program that is no module', 'export const x = 1;', /default|schema/],
    ['a program that throws', 'throw new Error("no thanks");', /no thanks/],
    ['a program that never ends', 'for (;;);', /longer than|took|ms/],
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

describe('updating', () => {
  const compatible: [string, Version, Version][] = [
    ['adds a table', {}, { tables: `extra: table({ name: 'extra', public: true }, { id: t.u32() }),` }],
    ['removes an empty table', { tables: `extra: table({ name: 'extra', public: true }, { id: t.u32() }),` }, {}],
    ['adds an index', {}, { columns: columnsDefault.replace('t.u32()', `t.u32().index('btree')`) }],
    ['removes an index', { columns: columnsDefault.replace('t.u32()', `t.u32().index('btree')`) }, {}],
    ['removes a unique constraint', { columns: columnsDefault.replace('t.string()', 't.string().unique()') }, {}],
    ['makes a private table public', { options: '' }, {}],
    [
      'adds variants at the end',
      { columns: `${columnsDefault}, colour: Colour` },
      { columns: `${columnsDefault}, colour: Wider` },
    ],
    ['adds a reducer', {}, { more: `export const more = s.reducer(() => {});` }],
    [
      'changes a reducer',
      { more: `export const f = s.reducer({ a: t.u32() }, () => {});` },
      { more: `export const f = s.reducer({ b: t.string() }, () => {});` },
    ],
    [
      'adds a view',
      {},
      {
        more: `export const v = s.anonymousView({ name: 'v', public: true }, t.array(product.rowType), (ctx) => [...ctx.db.product.iter()]);`,
      },
    ],
    [
      'adds a rule',
      {},
      { more: `export const r = s.clientVisibilityFilter.sql('SELECT * FROM product WHERE price < 5');` },
    ],
    ['removes a sequence', {}, { columns: columnsDefault.replace('.autoInc()', '') }],
  ];

  it.each(compatible)('[MIG1] that %s goes on with the rows', async (_, before, after) => {
    const name = freshName();
    const seed = `export const seed = s.init((ctx) => {
      const product = { id: 7n, name: 'kept', price: 3, colour: Colour.Green };
      ctx.db.product.insert(product);
    });`;
    const first = await publish(name, { ...before, more: seed + (before.more ?? '') });
    expect([first.status, first.text]).toEqual([200, first.text]);
    const rows = await host.rows(name, 'SELECT * FROM product');
    const second = await publish(name, { ...after, more: seed + (after.more ?? '') });
    expect([second.status, second.text]).toEqual([200, second.text]);
    expect(await host.rows(name, 'SELECT * FROM product')).toEqual(rows);
    expect(rows).toHaveLength(1);
  });

  const breaking: [string, Version, Version, string][] = [
    [
      'adds a column with a default',
      {},
      { columns: `${columnsDefault}, stock: t.u32().default(9)` },
      '[[7,"kept",3,9]]',
    ],
    ['makes a public table private', {}, { options: '' }, '[[7,"kept",3]]'],
    ['removes a reducer', { more: `export const gone = s.reducer(() => {});` }, {}, '[[7,"kept",3]]'],
  ];

  it.each(breaking)('[MIG2] that %s needs policy=BreakClients', async (_, before, after, expected) => {
    const name = freshName();
    const seed = `export const seed = s.init((ctx) => { ctx.db.product.insert({ id: 7n, name: 'kept', price: 3 }); });`;
    expect((await publish(name, { ...before, more: seed + (before.more ?? '') })).status).toBe(200);
    const next = await bundleOf(source({ ...after, more: seed + (after.more ?? '') }));
    const refused = await host.tryPublish(name, next);
    expect([refused.status, refused.text]).toEqual([400, expect.stringMatching(/^Database update rejected: /)]);
    const plan = await host.ask('POST', `/v1/database/${name}/pre_publish?host_type=Js`, { body: next });
    const { AutoMigrate } = plan.json as { AutoMigrate: Record<string, unknown> };
    expect(AutoMigrate).toMatchObject({
      break_clients: true,
      migrate_plan: expect.any(String),
      token: expect.any(String),
    });
    const wrong = await host.tryPublish(name, next, '&policy=BreakClients&token=nonsense');
    expect(wrong.status).toBe(400);
    const right = await host.tryPublish(name, next, `&policy=BreakClients&token=${AutoMigrate['token']}`);
    expect([right.status, right.text]).toEqual([200, right.text]);
    expect(JSON.stringify(await host.rows(name, 'SELECT * FROM product'))).toBe(expected);
  });

  const colour = `${columnsDefault}, colour: Colour`;
  const manual: [string, Version, Version][] = [
    ['adds a column without a default', {}, { columns: `${columnsDefault}, stock: t.u32()` }],
    ['removes a column', {}, { columns: columnsDefault.replace(', price: t.u32()', '') }],
    [
      'inserts a column in the middle',
      {},
      { columns: columnsDefault.replace(', price', ', stock: t.u32().default(1), price') },
    ],
    ['reorders columns', {}, { columns: `id: t.u64().primaryKey().autoInc(), price: t.u32(), name: t.string()` }],
    ['changes a column’s type', {}, { columns: columnsDefault.replace('t.u32()', 't.i64()') }],
    ['takes variants away', { columns: colour }, { columns: colour.replace('colour: Colour', 'colour: Narrower') }],
    ['renames variants', { columns: colour }, { columns: colour.replace('colour: Colour', 'colour: Renamed') }],
    ['adds a unique constraint', {}, { columns: columnsDefault.replace('t.string()', 't.string().unique()') }],
    ['moves the primary key', {}, { columns: `id: t.u64(), name: t.string().primaryKey(), price: t.u32()` }],
    ['makes it an event table', {}, { options: 'public: true, event: true', columns: columnsDefault }],
    [
      'removes a table with rows',
      {
        tables: `extra: table({ name: 'extra' }, { id: t.u32() }),`,
        more: `export const fill = s.init((ctx) => { ctx.db.extra.insert({ id: 1 }); });`,
      },
      {},
    ],
    [
      'adds a sequence over values that are there',
      {
        columns: 'id: t.u64().primaryKey(), name: t.string(), price: t.u32()',
        more: `export const fill = s.init((ctx) => { ctx.db.product.insert({ id: 5n, name: 'a', price: 1 }); });`,
      },
      {},
    ],
  ];

  it.each(manual)('[MIG3] that %s is refused with the reason, and nothing has changed', async (_, before, after) => {
    const name = freshName();
    const first = await publish(name, before);
    expect([first.status, first.text]).toEqual([200, first.text]);
    const schema = (await host.ask('GET', `/v1/database/${name}/schema?version=10`)).text;
    const next = await bundleOf(source(after));
    const plan = await host.ask('POST', `/v1/database/${name}/pre_publish?host_type=Js`, { body: next });
    expect(plan.json).toMatchObject({ ManualMigrate: { reason: expect.stringMatching(/\w+/) } });
    for (const query of ['', '&policy=BreakClients']) {
      const refused = await host.tryPublish(name, next, query);
      expect([refused.status, refused.text]).toEqual([400, expect.stringMatching(/^Database update rejected: /)]);
    }
    expect((await host.ask('GET', `/v1/database/${name}/schema?version=10`)).text).toBe(schema);
    const cleared = await host.tryPublish(name, next, '&clear=true');
    expect([cleared.status, cleared.json]).toEqual([200, { Success: expect.objectContaining({ op: 'updated' }) }]);
    expect(await host.rows(name, 'SELECT * FROM product')).toEqual([]);
  });

  it('[MIG4] clients stay connected over an update that does not concern them, and see what comes after', async () => {
    const name = freshName();
    const bundle = await bundleOf(source({ more: add }));
    await host.tryPublish(name, bundle);
    let isGone = false;
    const client = await connect(host, await compileBindings(bundle), name, {
      onDisconnect: () => {
        isGone = true;
      },
    });
    await subscribe(client, 'SELECT * FROM product');
    await client.reducers['add']?.({ name: 'a', price: 1 });
    const louder = add
      .replace('name, price }', "name: name + '!', price }")
      .replace('({ name, price }', '({ name, price }');
    await publish(name, {
      more: `export const extra = s.reducer(() => {});${add.replace('id: 0n, name,', "id: 0n, name: name + '!',")}`,
    });
    await client.reducers['add']?.({ name: 'b', price: 1 });
    expect(rowsOf(client, 'product').map((row) => row['name'])).toEqual(['a', 'b!']);
    expect([isGone, louder.length > 0]).toEqual([false, true]);
  });

  it('[MIG5] clients are disconnected by an update that breaks them, and by a reset or a deletion', async () => {
    const name = freshName();
    const bundle = await bundleOf(source({ more: add }));
    const bindings = await compileBindings(bundle);
    const gone = (): { promise: Promise<void>; onDisconnect: () => void } => {
      let onDisconnect = () => {};
      const promise = new Promise<void>((resolve) => {
        onDisconnect = resolve;
      });
      return { promise, onDisconnect: () => onDisconnect() };
    };
    await host.tryPublish(name, bundle);
    const [byUpdate, byReset, byDelete] = [gone(), gone(), gone()];
    await connect(host, bindings, name, byUpdate);
    await publish(name, { columns: `${columnsDefault}, stock: t.u32().default(9)`, more: add }, '&policy=BreakClients');
    await byUpdate.promise;
    await connect(host, bindings, name, byReset);
    expect((await host.ask('PUT', `/v1/database/${name}/reset`)).status).toBe(200);
    await byReset.promise;
    await connect(host, bindings, name, byDelete);
    expect((await host.ask('DELETE', `/v1/database/${name}`)).status).toBe(200);
    await byDelete.promise;
    expect((await host.ask('GET', `/v1/database/${name}`)).status).toBe(404);
  });

  it('[MIG6] a subscription whose table is gone is told so', async () => {
    const name = freshName();
    const extra = `extra: table({ name: 'extra', public: true }, { id: t.u32() }),`;
    const bundle = await bundleOf(source({ tables: extra, more: add }));
    await host.tryPublish(name, bundle);
    let error: Error | undefined;
    let isGone = false;
    const client = await connect(host, await compileBindings(bundle), name, {
      onDisconnect: () => {
        isGone = true;
      },
    });
    client
      .subscriptionBuilder()
      .onError((context) => {
        error = context.event;
      })
      .subscribe(['SELECT * FROM extra']);
    await subscribe(client, 'SELECT * FROM product');
    expect((await publish(name, { more: add })).status).toBe(200);
    await until('the client has noticed', () => error !== undefined || isGone);
  });

  it('[MIG7] new columns have their defaults in rows that were there, also after a restart', async () => {
    const name = freshName();
    await publish(name, { more: add });
    await host.call(name, 'add', ['old', 1]);
    const columns = `${columnsDefault}, stock: t.u32().default(9), note: t.string().default('none'), tags: t.option(t.string()).default(undefined)`;
    const more = add.replace('name, price });', "name, price, stock: 1, note: 'new', tags: 'x' });");
    expect((await publish(name, { columns, more }, '&policy=BreakClients')).text).toContain('updated');
    await host.call(name, 'add', ['new', 2]);
    const expected = [
      [1, 'old', 1, 9, 'none', [1, []]],
      [expect.any(Number), 'new', 2, 1, 'new', [0, 'x']],
    ];
    expect(await host.rows(name, 'SELECT * FROM product')).toEqual(expected);
    await host.reopen();
    expect(await host.rows(name, 'SELECT * FROM product')).toEqual(expected);
  });

  it('[MIG8] a scheduled view that is endless for a subscriber does not stop an update', async () => {
    const name = freshName();
    const view = (body: string) =>
      `export const v = s.anonymousView({ name: 'v', public: true }, t.array(product.rowType), (ctx) => { ${body} });`;
    const bundle = await bundleOf(source({ more: add + view('return [...ctx.db.product.iter()];') }));
    await host.tryPublish(name, bundle);
    const client = await connect(host, await compileBindings(bundle), name);
    await subscribe(client, 'SELECT * FROM product');
    await subscribe(client, 'SELECT * FROM v');
    expect((await publish(name, { more: add + view('for (;;);') })).status).toBe(200);
    expect((await host.call(name, 'add', ['x', 1])).status).toBe(200);
  }, 30_000);
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
