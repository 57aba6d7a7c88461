import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Bindings,
  bindingsOf,
  type Connection,
  connect,
  failureOf,
  rowsOf,
  subscribe,
  tableOf,
  until,
} from './support/client.ts';
import { TestHost } from './support/host.ts';

let host: TestHost;
let bindings: Bindings;
let databases = 0;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 300 });
  bindings = await bindingsOf('sights');
});
afterAll(() => host.close());

async function fresh(): Promise<{ name: string; join: () => Promise<Connection> }> {
  databases += 1;
  const name = `sights-${databases}`;
  await host.publish(name, 'sights');
  return { name, join: () => connect(host, bindings, name) };
}

const names = (client: Connection, table: string) =>
  rowsOf(client, table)
    .map((row) => String(row['name'] ?? row['text']))
    .sort();

describe('views', () => {
  it('[MOD40] of each caller show it its own rows, by subscription and by SQL', async () => {
    const { name, join } = await fresh();
    const [alice, bob] = [await join(), await join()];
    await Promise.all([alice, bob].map((client) => subscribe(client, 'SELECT * FROM mine')));
    await alice.reducers['hire']?.({ name: 'a1', team: 1, age: 20 });
    await bob.reducers['hire']?.({ name: 'b1', team: 1, age: 30 });
    await alice.reducers['hire']?.({ name: 'a2', team: 2, age: 40 });
    expect(names(alice, 'mine')).toEqual(['a1', 'a2']);
    expect(names(bob, 'mine')).toEqual(['b1']);
    await alice.reducers['fire']?.({ name: 'a1' });
    expect(names(alice, 'mine')).toEqual(['a2']);
    const sql = await host.ask('POST', `/v1/database/${name}/sql`, { body: 'SELECT name FROM mine', token: bob.token });
    expect(sql.json).toMatchObject([{ rows: [['b1']] }]);
    expect(await host.rows(name, 'SELECT name FROM mine')).toEqual([]);
  });

  it('[QV1] that are queries, joins too, are kept current', async () => {
    const { join } = await fresh();
    const [alice, bob] = [await join(), await join()];
    await subscribe(alice, 'SELECT * FROM adults', 'SELECT * FROM teammates');
    await alice.reducers['hire']?.({ name: 'child', team: 1, age: 17 });
    await bob.reducers['hire']?.({ name: 'adult', team: 2, age: 18 });
    await until('the adult is there', () => names(alice, 'adults').length === 1);
    expect(names(alice, 'teammates')).toEqual([]);
    await alice.reducers['age']?.({ name: 'child', age: 18 });
    expect(names(alice, 'adults')).toEqual(['adult', 'child']);
    await alice.reducers['enter']?.({ team: 2 });
    expect(names(alice, 'teammates')).toEqual(['adult']);
    await alice.reducers['enter']?.({ team: 1 });
    expect(names(alice, 'teammates')).toEqual(['adult', 'child']);
    await alice.reducers['leave']?.();
    expect(names(alice, 'teammates')).toEqual([]);
  });

  it('[MOD15] with a primary key show updates', async () => {
    const { join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM headcounts', 'SELECT * FROM oldest');
    const seen: string[] = [];
    tableOf(alice, 'headcounts').onInsert((_, row) => seen.push(`+ ${row['team']} ${row['heads']}`));
    tableOf(alice, 'headcounts').onUpdate?.((_, from, to) =>
      seen.push(`${from['team']} ${from['heads']} > ${to['heads']}`),
    );
    tableOf(alice, 'headcounts').onDelete((_, row) => seen.push(`- ${row['team']}`));
    await alice.reducers['hire']?.({ name: 'x', team: 7, age: 1 });
    await alice.reducers['hire']?.({ name: 'y', team: 7, age: 2 });
    expect(names(alice, 'oldest')).toEqual(['y']);
    await alice.reducers['fire']?.({ name: 'y' });
    await alice.reducers['fire']?.({ name: 'x' });
    expect(seen).toEqual(['+ 7 1', '7 1 > 2', '7 2 > 1', '- 7']);
    expect(names(alice, 'oldest')).toEqual([]);
  });

  it('[QV7] that throw undo the reducer that set them off, and tell its caller', async () => {
    const { name, join } = await fresh();
    const [alice, bob] = [await join(), await join()];
    await subscribe(alice, 'SELECT * FROM headcounts');
    const failure = await failureOf(bob.reducers['setTrap']?.({ id: 1, kind: 'throw' }));
    expect(failure?.message).toMatch(/trap|headcounts|fatal/);
    expect(await host.rows(name, 'SELECT * FROM trap')).toEqual([]);
    await bob.reducers['hire']?.({ name: 'x', team: 7, age: 1 });
    await until('alice goes on', () => rowsOf(alice, 'headcounts').length === 1);
  });

  it('[QV7] that throw at a subscription refuse it, and the client goes on', async () => {
    const { join } = await fresh();
    const alice = await join();
    await alice.reducers['setTrap']?.({ id: 1, kind: 'throw' });
    const failure = await failureOf(subscribe(alice, 'SELECT * FROM team', 'SELECT * FROM headcounts'));
    expect(failure?.message).toContain('the trap is set');
    await alice.reducers['disarm']?.();
    await subscribe(alice, 'SELECT * FROM headcounts');
  });

  it('[MOD60] that never end refuse the subscription or undo the reducer, and leave nothing behind', async () => {
    const { name, join } = await fresh();
    const [alice, bob] = [await join(), await join()];
    await bob.reducers['setTrap']?.({ id: 2, kind: 'spin' });
    // The good query of the refused set must not go on behind the client's back.
    const failure = await failureOf(subscribe(alice, 'SELECT * FROM adults', 'SELECT * FROM headcounts'));
    expect(failure?.message).toMatch(/headcounts|ms/);
    await bob.reducers['hire']?.({ name: 'x', team: 7, age: 50 });
    await alice.reducers['hire']?.({ name: 'y', team: 7, age: 50 });
    expect(rowsOf(alice, 'adults')).toEqual([]);
    expect(alice.isActive).toBe(true);
    await bob.reducers['disarm']?.();
    await subscribe(alice, 'SELECT * FROM headcounts');
    const spin = await failureOf(bob.reducers['setTrap']?.({ id: 2, kind: 'spin' }));
    expect(spin?.message).toMatch(/ms|fatal/);
    expect(await host.rows(name, 'SELECT * FROM trap')).toEqual([]);
    const sql = await host.ask('POST', `/v1/database/${name}/sql`, { body: 'SELECT * FROM headcounts' });
    expect(sql.status).toBe(200);
  }, 60_000);

  it('[QV1] join tables and other views in a subscription', async () => {
    const { join } = await fresh();
    const alice = await join();
    const failure = await failureOf(
      subscribe(alice, 'SELECT team.* FROM team JOIN headcounts ON team.id = headcounts.team'),
    );
    expect([undefined, expect.stringContaining('index')]).toContainEqual(failure?.message);
  });
});

describe('row-level security', () => {
  it('[QR1] shows rows that one of the rules allows, and all to the owner', async () => {
    const { name, join } = await fresh();
    const [alice, bob, carol] = [await join(), await join(), await join()];
    await alice.reducers['enter']?.({ team: 1 });
    await bob.reducers['enter']?.({ team: 1 });
    await Promise.all([alice, bob, carol].map((client) => subscribe(client, 'SELECT * FROM post')));
    await alice.reducers['write']?.({ team: 1, text: 'to team 1' });
    await alice.reducers['write']?.({ team: 2, text: 'to team 2' });
    await until('bob sees it', () => names(bob, 'post').length === 1);
    expect(names(alice, 'post')).toEqual(['to team 1', 'to team 2']);
    expect(names(bob, 'post')).toEqual(['to team 1']);
    await carol.reducers['enter']?.({ team: 2 });
    expect(names(carol, 'post')).toEqual(['to team 2']);
    await carol.reducers['leave']?.();
    expect(names(carol, 'post')).toEqual([]);
    expect(await host.rows(name, 'SELECT text FROM post')).toHaveLength(2);
    const sql = await host.ask('POST', `/v1/database/${name}/sql`, { body: 'SELECT text FROM post', token: bob.token });
    expect(sql.json).toMatchObject([{ rows: [['to team 1']] }]);
    const count = await host.ask('POST', `/v1/database/${name}/sql`, {
      body: 'SELECT COUNT(*) AS n FROM post',
      token: alice.token,
    });
    expect(count.json).toMatchObject([{ rows: [[2]] }]);
  });

  it('[QR1] :sender is whoever asks', async () => {
    const { join } = await fresh();
    const [alice, bob] = [await join(), await join()];
    await Promise.all([alice, bob].map((client) => subscribe(client, 'SELECT * FROM member WHERE who = :sender')));
    await alice.reducers['enter']?.({ team: 1 });
    await bob.reducers['enter']?.({ team: 2 });
    await until('bob has his', () => rowsOf(bob, 'member').length === 1);
    expect(rowsOf(alice, 'member').map((row) => row['team'])).toEqual([1]);
    expect(rowsOf(bob, 'member').map((row) => row['team'])).toEqual([2]);
  });
});

describe('queries of the client’s query builder', () => {
  it('[QS1] are understood: comparisons, and, or, not, semijoins', async () => {
    const { join } = await fresh();
    const alice = await join();
    const { tables } = bindings;
    const table = (name: string) => {
      const found = tables[name];
      if (!found) throw new Error(`no table ${name}`);
      return found;
    };
    await alice.reducers['enter']?.({ team: 1 });
    for (const [team, text] of [
      [1, 'a'],
      [1, 'b'],
      [2, 'c'],
      [3, "d'e"],
    ] as const) {
      await alice.reducers['write']?.({ team, text });
    }
    const found = async (query: unknown) => {
      const handle = await subscribe(alice, query);
      const result = names(alice, 'post');
      await new Promise<void>((resolve) => handle.unsubscribeThen(() => resolve()));
      return result;
    };
    const post = table('post');
    expect(await found(post)).toEqual(['a', 'b', 'c', "d'e"]);
    expect(await found(post.where((row) => row['text']?.eq("d'e")))).toEqual(["d'e"]);
    expect(await found(post.where((row) => row['team']?.gte(2).and(row['text']?.ne('c') as never)))).toEqual(["d'e"]);
    expect(await found(post.where((row) => row['team']?.eq(1).not()))).toEqual(['c', "d'e"]);
    expect(await found(post.where((row) => row['author']?.eq(alice.identity)))).toHaveLength(4);
    expect(
      await found(
        post.where((row) => row['team']?.lt(2)).leftSemijoin(table('member'), (l, r) => l['team']?.eq(r['team'])),
      ),
    ).toEqual(['a', 'b']);
    expect(await found(table('member').rightSemijoin(post, (l, r) => l['team']?.eq(r['team'])))).toEqual(['a', 'b']);
  });
});
