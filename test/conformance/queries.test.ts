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
  host = await TestHost.start();
  bindings = await bindingsOf('queries');
});
afterAll(() => host.close());

async function fresh(): Promise<{ name: string; join: () => Promise<Connection> }> {
  databases += 1;
  const name = `queries-${databases}`;
  await host.publish(name, 'queries');
  return { name, join: () => connect(host, bindings, name) };
}

const ids = (client: Connection, table: string) => {
  const found = rowsOf(client, table).map((row) => Number(row['id']));
  return found.sort((a, b) => a - b);
};

const messageOf = async (client: Connection, sql: string) => (await failureOf(subscribe(client, sql)))?.message;

describe('literals', () => {
  it('[QX8] take the type of the column beside them, in subscriptions and /sql alike', async () => {
    const { name, join } = await fresh();
    const alice = await join();
    await alice.reducers['fill']?.();
    const who = alice.identity.toHexString();
    const line = alice.connectionId.toHexString();
    const cases: [string, number[]][] = [
      ['flag = TRUE', [1]],
      ['flag', [1]],
      ['NOT (flag)', [0, 2]],
      ['byte = 2.55e2', [2]],
      ['byte > 253 AND byte <= 255', [1, 2]],
      ['short = -300', [0]],
      ['int < -1e9', [0]],
      ['long = 9223372036854775808', [2]],
      ['wide >= 85070591730234615865843651857942052864', [1, 2]],
      [`widest = -${2n ** 254n}`, [0]],
      ['single = +0.5', [1]],
      ['double > .1', [2]],
      ['double = -0', [1]],
      ["text = 'it''s'", [0]],
      ["text > 'z'", [1]],
      ["bytes = 0x01ff OR bytes = X'02FF'", [1, 2]],
      [`who = 0x${who}`, [0, 1, 2]],
      [`who = '${who}'`, [0, 1, 2]],
      ['who = :sender', [0, 1, 2]],
      ['who <> :sender', []],
      [`line = 0x${line}`, [0, 1, 2]],
      ["at = '2023-11-14T22:13:20.000001Z'", [1]],
      ["at > '2023-11-14 23:13:20+01:00'", [1, 2]],
      ["uid = '00000000-0000-4000-8000-000000000001'", [1]],
      ['uid = 0x00000000000040008000000000000002', [2]],
      ['id = 0 OR id = 2', [0, 2]],
      ["id > 0 AND (id < 2 OR text = '') AND NOT (flag = FALSE)", [1]],
    ];
    for (const [condition, expected] of cases) {
      const sql = `SELECT * FROM thing WHERE ${condition}`;
      const handle = await subscribe(alice, sql);
      expect([condition, ids(alice, 'thing')]).toEqual([condition, expected]);
      await new Promise<void>((resolve) => handle.unsubscribeThen(() => resolve()));
      const body = `SELECT id FROM thing WHERE ${condition}`;
      const answer = await host.ask('POST', `/v1/database/${name}/sql`, { body, token: alice.token });
      expect([condition, answer.json]).toMatchObject([condition, [{ rows: expected.map((id) => [id]) }]]);
    }
  });

  it('[QX9] that are no value of the type are refused, and so are types without literals', async () => {
    const { join } = await fresh();
    const alice = await join();
    const cases: [string, RegExp][] = [
      ['byte = 256', /256 .*u8/],
      ['byte = -1', /-1 .*u8/],
      ['int = 1.5', /1\.5 .*i32/],
      ["id = 'x'", /"x" .*u32/],
      ['flag = 1', /1 .*bool/],
      ['text = 5', /5 .*string/],
      ["at = 'yesterday'", /yesterday.*timestamp/],
      ['who = 0x12', /identity.*64/],
      ["kind = 'Low'", /`kind` of type enum cannot be compared/],
      ['maybe = 1', /`maybe` of type option cannot be compared/],
      ['text = NULL', /NULL/],
      ['id = byte', /types differ/],
      ["text LIKE 'a'", /expected/],
      ['id IN (1, 2)', /expected/],
      ['id + 1 = 2', /expected/],
      ['ID = 1', /no such column: `ID`/],
    ];
    for (const [condition, message] of cases) {
      const sql = `SELECT * FROM thing WHERE ${condition}`;
      const text = await messageOf(alice, sql);
      expect(text).toMatch(message);
      expect(text).toContain(`, executing: \`${sql}\``);
    }
    expect(alice.isActive).toBe(true);
  });
});

describe('subscriptions', () => {
  it('[QS4] of ranges meet the commits that they can match', async () => {
    const { join } = await fresh();
    const clients = [await join(), await join(), await join()];
    const [low, middle, high] = clients as [Connection, Connection, Connection];
    await subscribe(low, 'SELECT * FROM score WHERE points < 10');
    await subscribe(middle, 'SELECT * FROM score WHERE points >= 10 AND points < 20');
    await subscribe(high, 'SELECT * FROM score WHERE room = 1 AND points >= 20');
    const set = (id: number, points: number, room = 1) => low.reducers['setScore']?.({ id, room, points, player: 'p' });
    await set(1, 5);
    await set(2, 10);
    await set(3, 20);
    await set(4, 99, 2);
    await until('all have their own', () => clients.every((client) => ids(client, 'score').length === 1));
    expect(clients.map((client) => ids(client, 'score'))).toEqual([[1], [2], [3]]);
    await set(1, 15);
    await set(2, 25);
    await set(3, -1);
    await until('rows have moved on', () => ids(high, 'score').join() === '2');
    expect(clients.map((client) => ids(client, 'score'))).toEqual([[3], [1], [2]]);
  });

  it('[QW2] with ORDER BY and LIMIT keep the first rows: ties, moves and deletions at the edge', async () => {
    const { join } = await fresh();
    const alice = await join();
    const set = (id: number, points: number) => alice.reducers['setScore']?.({ id, room: 1, points, player: 'p' });
    for (const [id, points] of [
      [1, 50],
      [2, 40],
      [3, 40],
      [4, 30],
    ] as const) {
      await set(id, points);
    }
    await subscribe(alice, 'SELECT * FROM score WHERE room = 1 ORDER BY points DESC, id LIMIT 2');
    expect(ids(alice, 'score')).toEqual([1, 2]);
    await alice.reducers['dropScore']?.({ id: 2 });
    expect(ids(alice, 'score')).toEqual([1, 3]);
    await set(4, 60);
    expect(ids(alice, 'score')).toEqual([1, 4]);
    await set(1, 0);
    expect(ids(alice, 'score')).toEqual([3, 4]);
    for (const id of [1, 3, 4]) await alice.reducers['dropScore']?.({ id });
    expect(ids(alice, 'score')).toEqual([]);
  });

  it('[QS13] join by indexed columns of two relations, all names qualified', async () => {
    const { join } = await fresh();
    const alice = await join();
    const unindexed = 'SELECT room.* FROM room JOIN thing ON room.name = thing.text';
    expect(await messageOf(alice, unindexed)).toContain(
      `Subscriptions require indexes on join columns, executing: \`${unindexed}\``,
    );
    for (const [sql, message] of [
      ["SELECT score.* FROM score JOIN room ON score.room = room.id WHERE name = 'x'", '`name` stands alone'],
      ['SELECT score.* FROM score JOIN room ON room = id', '`room` stands alone'],
      ['SELECT * FROM score JOIN room ON score.room = room.id', 'r.*'],
      ['SELECT score.* FROM score, room WHERE score.room = room.id', 'JOIN'],
      ['SELECT a.* FROM score a JOIN score b ON a.id = b.id JOIN score c ON b.id = c.id', 'at most two'],
      ['SELECT * FROM Score', 'no such table: `Score`'],
      ['SELECT id FROM score', 'whole rows'],
      ['SELECT COUNT(*) AS n FROM score', 'whole rows'],
      ['SELECT * FROM score LIMIT 1', 'ORDER BY'],
      ['DELETE FROM score', 'SELECT'],
    ] as const) {
      expect(await messageOf(alice, sql)).toContain(message);
    }
  });

  it('[QS6] join event rows to stored ones, not the other way round', async () => {
    const { join } = await fresh();
    const alice = await join();
    const sql = 'SELECT blip.* FROM blip JOIN seat ON blip.room = seat.room WHERE seat.who = :sender';
    await subscribe(alice, sql);
    const heard: unknown[] = [];
    tableOf(alice, 'blip').onInsert((_, row) => heard.push(row['text']));
    await alice.reducers['shout']?.({ room: 1, text: 'nobody sits' });
    await alice.reducers['sit']?.({ room: 1 });
    await alice.reducers['shout']?.({ room: 1, text: 'here' });
    await alice.reducers['shout']?.({ room: 2, text: 'there' });
    expect(heard).toEqual(['here']);
    expect(rowsOf(alice, 'blip')).toEqual([]);
    expect(await messageOf(alice, 'SELECT seat.* FROM seat JOIN blip ON seat.room = blip.room')).toContain(
      'event table',
    );
  });
});

describe('views', () => {
  it('[QV5] run again for changes in the range that they read, not for others', async () => {
    const { name, join } = await fresh();
    const alice = await join();
    await subscribe(alice, 'SELECT * FROM best');
    const runs = async () => (await host.logs(name)).filter(({ message }) => message === 'best runs').length;
    const set = (id: number, points: number) => alice.reducers['setScore']?.({ id, room: 1, points, player: 'p' });
    const before = await runs();
    await set(1, 99);
    await set(2, -5);
    await alice.reducers['dropScore']?.({ id: 2 });
    expect(await runs()).toBe(before);
    await set(1, 100);
    expect(ids(alice, 'best')).toEqual([1]);
    await set(1, 1);
    expect(ids(alice, 'best')).toEqual([]);
    expect(await runs()).toBe(before + 2);
  });

  it('[QV1] are joined with tables and with views, in subscriptions and /sql', async () => {
    const { name, join } = await fresh();
    const [alice, bob] = [await join(), await join()];
    const withTable = "SELECT best.* FROM best JOIN room ON best.room = room.id WHERE room.name = 'hall'";
    const withView = 'SELECT best.* FROM best JOIN own_rooms ON best.room = own_rooms.id';
    await subscribe(alice, withTable);
    await subscribe(bob, withView);
    await alice.reducers['openRoom']?.({ id: 1, name: 'hall' });
    await alice.reducers['openRoom']?.({ id: 2, name: 'cellar' });
    for (const [id, room] of [
      [1, 1],
      [2, 2],
      [3, 3],
    ] as const) {
      await alice.reducers['setScore']?.({ id, room, points: 100 + id, player: 'p' });
    }
    expect(ids(alice, 'best')).toEqual([1]);
    expect(ids(bob, 'best')).toEqual([]);
    await bob.reducers['sit']?.({ room: 2 });
    expect(ids(bob, 'best')).toEqual([2]);
    const ask = async (body: string, token: string) =>
      (await host.ask('POST', `/v1/database/${name}/sql`, { body, token })).json;
    expect(await ask(withView.replace('best.*', 'best.id'), bob.token)).toMatchObject([{ rows: [[2]] }]);
    expect(await ask(withView, alice.token)).toMatchObject([{ rows: [] }]);
    const three =
      'SELECT b.id, r.name, s.room FROM best b JOIN room r ON b.room = r.id JOIN seat s ON s.room = r.id WHERE b.points > 0';
    expect(await ask(three, bob.token)).toMatchObject([{ rows: [[2, 'cellar', 2]] }]);
  });
});

describe('/sql', () => {
  it('[QX2] counts, limits, and writes by key, by range and by alternatives', async () => {
    const { name } = await fresh();
    const sql = async (body: string) => (await host.ask('POST', `/v1/database/${name}/sql`, { body })).json as object[];
    const rows = Array.from({ length: 9 }, (_, i) => `(${i}, ${i % 2}, ${i * 10}, 'p${i}')`).join(', ');
    expect(await sql(`INSERT INTO score (id, room, points, player) VALUES ${rows}`)).toMatchObject([
      { rows: [], stats: { rows_inserted: 9, rows_deleted: 0, rows_updated: 0 } },
    ]);
    expect(await sql('SELECT COUNT(*) AS n FROM score WHERE points >= 30')).toMatchObject([{ rows: [[6]] }]);
    expect(await sql('SELECT COUNT(*) AS n FROM score a JOIN score b ON a.room = b.room')).toMatchObject([
      { rows: [[41]] },
    ]);
    expect(await sql('SELECT * FROM score LIMIT 4')).toMatchObject([{ rows: { length: 4 } }]);
    expect(
      await sql(
        "UPDATE score SET player = 'x', room = 7 WHERE id = 3; DELETE FROM score WHERE points > 60; UPDATE score SET points = -1 WHERE id = 0 OR id = 1",
      ),
    ).toMatchObject([
      { stats: { rows_updated: 1 } },
      { stats: { rows_deleted: 2 } },
      { stats: { rows_updated: 2, rows_inserted: 0 } },
    ]);
    expect(
      await host.rows(name, 'SELECT id, room, points, player FROM score WHERE room = 7 OR points = -1 ORDER BY id'),
    ).toEqual([
      [0, 0, -1, 'p0'],
      [1, 1, -1, 'p1'],
      [3, 7, 30, 'x'],
    ]);
    expect(await sql('SET row_limit = 5; SHOW row_limit')).toMatchObject([{ rows: [] }, { rows: [[5]] }]);
  });
});
