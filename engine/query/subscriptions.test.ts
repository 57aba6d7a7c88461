import { describe, expect, test } from 'vitest';
import { identityType } from '../bsatn/special.ts';
import type { Type } from '../bsatn/type.ts';
import { QueryRejection } from './rejection.ts';
import { nameRow, TestDatabase, testIndex, testModule, testTable } from './testing/database.ts';

const u32: Type = { kind: 'u32' };
const string: Type = { kind: 'string' };

const task = testTable(
  'task',
  [
    ['id', u32],
    ['tenant', u32],
    ['title', string],
  ],
  { primaryKey: 0, indexes: [testIndex('task', [0], true), testIndex('task', [1])] },
);
const member = testTable(
  'member',
  [
    ['tenant', u32],
    ['identity', identityType],
  ],
  { indexes: [testIndex('member', [0]), testIndex('member', [1])] },
);
const ping = testTable(
  'ping',
  [
    ['tenant', u32],
    ['text', string],
  ],
  { isEvent: true, indexes: [testIndex('ping', [0])] },
);
const secret = testTable('secret', [['id', u32]], { isPublic: false });

const database = () => new TestDatabase(testModule([task, member, ping, secret]));
const alice = { identity: 1n, isOwner: false };
const owner = { identity: 9n, isOwner: true };

const bag = (db: TestDatabase, table: string, ...rows: readonly (readonly (number | string | readonly bigint[])[])[]) =>
  rows.map((row) => nameRow(table, db.encode(table, row as never))).sort();

function rejection(work: () => unknown): QueryRejection {
  try {
    work();
  } catch (error) {
    if (error instanceof QueryRejection) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('one table', () => {
  test('[QS1] rows now, then what each commit adds and removes', () => {
    const db = database();
    db.insert('task', [1, 7, 'a'], [2, 8, 'b']);
    const replica = db.subscribe(alice, 'SELECT * FROM task WHERE tenant = 7');
    expect(replica.bag).toEqual(bag(db, 'task', [1, 7, 'a']));
    db.insert('task', [3, 7, 'c'], [4, 8, 'd']);
    db.delete('task', [1, 7, 'a']);
    expect(replica.bag).toEqual(bag(db, 'task', [3, 7, 'c']));
  });

  test('[QS2] nobody hears of a commit that changes nothing for them', () => {
    const db = database();
    db.subscribe(alice, 'SELECT * FROM task WHERE tenant = 7');
    expect(db.insert('task', [4, 8, 'd']).size).toBe(0);
  });

  test('[QS3] a thousand subscribers to one query share one evaluation and one encoding', () => {
    const db = database();
    for (let i = 0; i < 1000; i++) db.subscribe({ identity: BigInt(i), isOwner: false }, 'SELECT * FROM task');
    expect(db.queries.size).toMatchObject({ groups: 1, templates: 1 });
    const updates = [...db.insert('task', [1, 7, 'a']).values()];
    expect(updates).toHaveLength(1000);
    const lists = new Set(updates.map(([update]) => update?.tables[0]?.inserts.encoded));
    expect(lists.size).toBe(1);
  });

  test('[QS4] queries that differ in constants share a template, and a change meets those that it matches', () => {
    const db = database();
    for (let tenant = 0; tenant < 100; tenant++) {
      db.subscribe(alice, `SELECT * FROM task WHERE tenant = ${tenant}`);
    }
    expect(db.queries.size).toMatchObject({ groups: 100, templates: 1 });
    expect(db.insert('task', [1, 7, 'a']).size).toBe(1);
  });

  test('[QS4] so do queries that differ in ranges, alone and beside a constant', () => {
    const db = database();
    for (let n = 0; n < 100; n++) {
      db.subscribe(alice, `SELECT * FROM task WHERE id >= ${n} AND id < ${n + 10}`);
      db.subscribe(alice, `SELECT * FROM task WHERE tenant = ${n % 2} AND id > ${n}`);
      db.subscribe(alice, `SELECT * FROM task WHERE id < ${n} AND title > 'm'`);
    }
    expect(db.queries.size).toMatchObject({ groups: 300, templates: 3 });
    // 50: ten intervals; the even ones of 0 to 48 are below it; nobody's titles start with a.
    expect(db.insert('task', [50, 0, 'a']).size).toBe(10 + 25);
    expect(db.insert('task', [97, 7, 'z']).size).toBe(10 + 2);
    expect(db.insert('task', [1000, 7, 'a']).size).toBe(0);
  });

  test('[QS4] and alternatives, of values and of ranges', () => {
    const db = database();
    const replicas = Array.from({ length: 50 }, (_, n) => {
      return db.subscribe(alice, `SELECT * FROM task WHERE tenant = ${n} OR (id > ${n + 100} AND id < ${n + 103})`);
    });
    expect(db.insert('task', [7, 3, 'a'], [105, 60, 'b']).size).toBe(2);
    expect(replicas.flatMap(({ bag }, n) => (bag.length > 0 ? [n] : []))).toEqual([3, 4]);
  });

  test('[QS4] beside a constant, other conditions may have constants of their own', () => {
    const db = database();
    for (let n = 0; n < 100; n++) {
      db.subscribe(alice, `SELECT * FROM task WHERE tenant = ${n % 10} AND title <> 't${n}'`);
      db.subscribe(alice, `SELECT * FROM task WHERE tenant = ${n % 10} AND (title = 't${n}' OR id = ${n}) AND id < 99`);
      db.subscribe(alice, `SELECT * FROM task WHERE id > ${n} AND title <> 't${n}'`);
    }
    expect(db.queries.size).toMatchObject({ groups: 300, templates: 3 });
    // Tenant 3: ten of the first, one of them with that title; of the second by id; 98 of the third.
    expect(db.insert('task', [98, 3, 't13']).size).toBe(9 + 1 + 97);
    expect(db.insert('task', [99, 3, 't13']).size).toBe(9 + 98);
  });

  test('[QS4] and joins that differ in ranges', () => {
    const db = database();
    db.insert('member', [7, [1n]]);
    const replicas = Array.from({ length: 20 }, (_, n) => {
      return db.subscribe(
        alice,
        `SELECT task.* FROM task JOIN member ON task.tenant = member.tenant WHERE task.id > ${n} AND task.id <= ${n + 2}`,
      );
    });
    expect(db.queries.size).toMatchObject({ groups: 20, templates: 1 });
    expect(db.insert('task', [5, 7, 'a'], [99, 7, 'b'], [6, 8, 'c']).size).toBe(2);
    expect(replicas.flatMap(({ bag }, n) => (bag.length > 0 ? [n] : []))).toEqual([3, 4]);
    expect(db.insert('member', [8, [1n]]).size).toBe(2);
    expect(replicas[4]?.bag).toEqual(bag(db, 'task', [5, 7, 'a'], [6, 8, 'c']));
  });

  test('[QS5] event rows are delivered once and never stored', () => {
    const db = database();
    const replica = db.subscribe(alice, 'SELECT * FROM ping WHERE tenant = 1');
    db.insert('ping', [1, 'x'], [2, 'y']);
    expect(replica.bag).toEqual([]);
    expect(replica.events).toEqual(bag(db, 'ping', [1, 'x']));
    const rows = db.queries.subscribe({}, alice, 1, ['SELECT * FROM ping']);
    expect(rows[0]?.rows.rowCount).toBe(0);
  });

  test('[QS6] event rows can be joined to stored rows, but not looked up', () => {
    const db = database();
    db.insert('member', [1, [1n]]);
    const sql = 'SELECT ping.* FROM ping JOIN member ON ping.tenant = member.tenant WHERE member.identity = :sender';
    const replica = db.subscribe(alice, sql);
    db.insert('ping', [1, 'x'], [2, 'y']);
    db.insert('member', [2, [1n]]);
    expect(replica.events).toEqual(bag(db, 'ping', [1, 'x']));
    const backwards = 'SELECT member.* FROM ping JOIN member ON ping.tenant = member.tenant';
    expect(rejection(() => db.subscribe(alice, backwards)).message).toContain('event table `ping`');
  });
});

describe('joins', () => {
  const sql = 'SELECT task.* FROM task JOIN member ON task.tenant = member.tenant WHERE member.identity = :sender';

  test('[QS7] a change of either side comes through, each partner counted', () => {
    const db = database();
    db.insert('task', [1, 7, 'a'], [2, 8, 'b']);
    const replica = db.subscribe(alice, sql);
    expect(replica.bag).toEqual([]);
    db.insert('member', [7, [1n]], [8, [2n]]);
    expect(replica.bag).toEqual(bag(db, 'task', [1, 7, 'a']));
    db.insert('task', [3, 7, 'c'], [4, 8, 'd']);
    expect(replica.bag).toEqual(bag(db, 'task', [1, 7, 'a'], [3, 7, 'c']));
    const everybody = 'SELECT task.* FROM task JOIN member ON task.tenant = member.tenant';
    const all = db.subscribe(alice, everybody);
    db.insert('member', [7, [3n]]);
    expect(all.bag).toEqual(
      bag(db, 'task', [1, 7, 'a'], [1, 7, 'a'], [2, 8, 'b'], [3, 7, 'c'], [3, 7, 'c'], [4, 8, 'd']),
    );
    db.delete('member', [7, [1n]]);
    expect(replica.bag).toEqual([]);
    expect(all.bag).toEqual(bag(db, 'task', [1, 7, 'a'], [2, 8, 'b'], [3, 7, 'c'], [4, 8, 'd']));
  });

  test('[QS7] both sides changed by one commit are counted once', () => {
    const db = database();
    const replica = db.subscribe(alice, sql);
    db.commit((transaction) => {
      transaction.insert(db.tableId('task'), db.encode('task', [1, 7, 'a']));
      transaction.insert(db.tableId('member'), db.encode('member', [7, [1n]]));
    });
    expect(replica.bag).toEqual(bag(db, 'task', [1, 7, 'a']));
    db.commit((transaction) => {
      transaction.deleteEqual(db.tableId('task'), db.encode('task', [1, 7, 'a']));
      transaction.deleteEqual(db.tableId('member'), db.encode('member', [7, [1n]]));
      transaction.insert(db.tableId('task'), db.encode('task', [2, 7, 'b']));
    });
    expect(replica.bag).toEqual([]);
  });

  test('[QS3] members of one tenant get one encoding of what they all see', () => {
    const db = database();
    const members = Array.from({ length: 20 }, (_, i) => BigInt(i + 1));
    db.insert('member', ...members.map((identity) => [7, [identity]] as const));
    for (const identity of members) db.subscribe({ identity, isOwner: false }, sql);
    expect(db.queries.size).toMatchObject({ groups: 20, templates: 1 });
    const updates = [...db.insert('task', [1, 7, 'a']).values()];
    expect(updates).toHaveLength(20);
    expect(new Set(updates.map(([update]) => update?.tables[0]?.inserts.encoded)).size).toBe(1);
  });
});

test('[QS15] a join of too many rows is refused before everybody waits for it', () => {
  const db = new TestDatabase(testModule([task, member, ping, secret]), undefined, { joinedRowsMax: 5000 });
  db.insert('task', ...Array.from({ length: 50 }, (_, id) => [id, 7, ''] as const));
  const self = 'FROM task a JOIN task b ON a.tenant = b.tenant';
  const message = 'the query joins too many rows: narrow it down';
  expect(rejection(() => db.subscribe(alice, `SELECT a.* ${self}`)).message).toContain(message);
  expect(rejection(() => db.subscribe(alice, `SELECT a.* ${self} ORDER BY a.id LIMIT 1`)).message).toContain(message);
  expect(() => db.queries.script(alice, `SELECT COUNT(*) AS n ${self}`).run(undefined)).toThrow(message);
  expect(db.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
  expect(db.subscribe(alice, `SELECT a.* ${self} WHERE b.id = 5`).bag).toHaveLength(50);
});

describe('ORDER BY and LIMIT', () => {
  test('[QW2] keep the first rows as rows come and go, shared by all who ask', () => {
    const db = database();
    db.insert('task', [1, 7, 'a'], [2, 7, 'b'], [3, 7, 'c'], [4, 7, 'd'], [5, 8, 'e'], [6, 7, 'f']);
    const sql = 'SELECT * FROM task WHERE tenant = 7 ORDER BY id DESC LIMIT 2';
    const replica = db.subscribe(alice, sql);
    db.subscribe(owner, sql);
    expect(db.queries.size.groups).toBe(1);
    expect(replica.bag).toEqual(bag(db, 'task', [4, 7, 'd'], [6, 7, 'f']));
    db.insert('task', [9, 7, 'i'], [0, 7, 'z']);
    expect(replica.bag).toEqual(bag(db, 'task', [6, 7, 'f'], [9, 7, 'i']));
    expect(db.delete('task', [0, 7, 'z']).size).toBe(0);
    db.delete('task', [9, 7, 'i'], [6, 7, 'f'], [4, 7, 'd'], [3, 7, 'c']);
    expect(replica.bag).toEqual(bag(db, 'task', [1, 7, 'a'], [2, 7, 'b']));
  });
});

describe('query sets', () => {
  test('[QS8] the same query twice counts once, two queries that match a row count twice', () => {
    const db = database();
    db.insert('task', [1, 7, 'a']);
    const replica = db.subscribe(
      alice,
      'SELECT * FROM task',
      'select * from "task"',
      'SELECT * FROM task WHERE tenant = 7',
    );
    const row = [1, 7, 'a'] as const;
    expect(replica.bag).toEqual(bag(db, 'task', row, row));
    db.delete('task', [1, 7, 'a']);
    expect(replica.bag).toEqual([]);
  });

  test('[QS9] SELECT * FROM * is every public table', () => {
    const db = database();
    const tables = db.queries.subscribe({}, owner, 1, ['select * from *']).map(({ table }) => table);
    expect(tables).toEqual(['task', 'member', 'ping']);
  });

  test('[QS10] unsubscribing returns the rows and ends the updates', () => {
    const db = database();
    db.insert('task', [1, 7, 'a']);
    const replica = db.subscribe(alice, 'SELECT * FROM task');
    for (const { table, rows } of db.queries.unsubscribe(replica, 1)) replica.add(table, rows, -1);
    expect(replica.bag).toEqual([]);
    expect(db.insert('task', [2, 7, 'b']).size).toBe(0);
    expect(db.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
    expect(rejection(() => db.queries.unsubscribe(replica, 1)).code).toBe('no-such-query-set');
  });

  test('[QS10] a subscriber that is gone is forgotten', () => {
    const db = database();
    const replica = db.subscribe(alice, 'SELECT * FROM task', 'SELECT * FROM member');
    db.queries.remove(replica);
    expect(db.insert('task', [2, 7, 'b']).size).toBe(0);
    expect(db.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
  });

  test('[QS11] a query set with one bad query is refused whole and leaves nothing behind', () => {
    const db = database();
    const refused = rejection(() => db.subscribe(alice, 'SELECT * FROM task', 'SELECT * FROM nothing'));
    expect(refused.message).toBe(
      'no such table: `nothing`. If the table exists, it may be marked private., executing: `SELECT * FROM nothing`',
    );
    expect(db.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
    const replica = db.subscribe(alice, 'SELECT * FROM task');
    expect(rejection(() => db.queries.subscribe(replica, alice, 1, ['SELECT * FROM task'])).code).toBe(
      'duplicate-query-set',
    );
  });

  test('[QS12] private tables are for the owner', () => {
    const db = database();
    expect(rejection(() => db.subscribe(alice, 'SELECT * FROM secret')).code).toBe('no-such-table');
    const replica = db.subscribe(owner, 'SELECT * FROM secret');
    db.insert('secret', [1]);
    expect(replica.bag).toEqual(bag(db, 'secret', [1]));
  });
});

test('[QS13] a join without an index on each side is refused with the text that clients match', () => {
  const sql = 'SELECT a.* FROM task a JOIN task b ON a.title = b.title';
  expect(rejection(() => database().subscribe(alice, sql)).message).toBe(
    `Subscriptions require indexes on join columns, executing: \`${sql}\` (\`task\`.\`title\` has none)`,
  );
});

describe('what subscriptions refuse', () => {
  test.each([
    ['SELECT id FROM task', 'whole rows of one table'],
    ['SELECT COUNT(*) AS n FROM task', 'whole rows of one table'],
    ['SELECT * FROM task JOIN member ON task.tenant = member.tenant', 'write `SELECT r.*`'],
    ['SELECT a.* FROM task a JOIN task b ON a.title = b.title', 'Subscriptions require indexes on join columns'],
    ['SELECT a.* FROM task a JOIN task b ON a.tenant < b.tenant', 'one equality of two columns'],
    ['SELECT a.* FROM task a JOIN task b ON a.id = b.id JOIN task c ON c.id = b.id', 'at most two relations'],
    ['SELECT * FROM task WHERE nope = 1', 'no such column: `nope`; `task` has `id`, `tenant`, `title`'],
    ['SELECT * FROM task WHERE id = -1', 'the number -1 at character 31 is no value of type u32'],
    ["SELECT * FROM task WHERE id = 'x'", 'the text "x" at character 31 is no value of type u32'],
    ['SELECT * FROM member WHERE identity = 0x12', 'expected 64 hexadecimal digits'],
    ['SELECT task.* FROM task JOIN member ON task.tenant = member.identity', 'their types differ'],
    ['SELECT a.* FROM task a JOIN member a ON a.id = a.id', 'two relations are named `a`'],
    ['SELECT task.* FROM task JOIN member ON task.tenant = member.tenant WHERE id = 1', '`id` stands alone'],
    ['SELECT * FROM Task', 'no such table: `Task`'],
    ['DELETE FROM task', 'SELECT only'],
    ['SELECT * FROM task LIMIT 5', 'ORDER BY and LIMIT together'],
  ])('[QS13] %s', (sql, message) => {
    expect(rejection(() => database().subscribe(owner, sql)).message).toContain(message);
  });
});
