import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileBindings, connect, rowsOf, subscribe, until } from './support/client.ts';
import { bundleOf, TestHost } from './support/host.ts';
import { add, columnsDefault, freshName, publishTo, source, type Version } from './support/shop.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 300 });
});
afterAll(() => host.close());

const publish = (name: string, version: Version, query?: string) => publishTo(host, name, version, query);

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
