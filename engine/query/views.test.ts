import { describe, expect, test } from 'vitest';
import { identityType } from '../bsatn/special.ts';
import type { Type } from '../bsatn/type.ts';
import { encodeValue } from '../bsatn/value.ts';
import { Rejection } from '../errors.ts';
import type { ViewDef } from '../module/definition.ts';
import type { EvaluateView, ReadSet, ViewResult } from './contract.ts';
import { QueryRejection } from './rejection.ts';
import { nameRow, type Row, TestDatabase, testIndex, testModule, testTable, testView } from './testing/database.ts';

const u32: Type = { kind: 'u32' };
const nothingRead: ReadSet = { tables: new Set(), points: [], ranges: [] };

const task = testTable(
  'task',
  [
    ['id', u32],
    ['tenant_id', u32],
  ],
  {
    isPublic: false,
    columnSourceNames: ['id', 'tenantId'],
    indexes: [testIndex('task', [0], true), testIndex('task', [1])],
  },
);
const member = testTable(
  'member',
  [
    ['identity', identityType],
    ['tenant', u32],
  ],
  { isPublic: false, indexes: [testIndex('member', [0], true), testIndex('member', [1])] },
);
const own = testView('own_tasks', task.row, { sourceName: 'ownTasks' });
const everybody = testView('all_tasks', task.row, { isAnonymous: true });
const alice = { identity: 1n, isOwner: false };
const bob = { identity: 2n, isOwner: false };

interface Runs {
  readonly db: TestDatabase;
  /** Which views' functions ran, in order. */
  readonly runs: string[];
}

function database(results: Record<string, (db: TestDatabase, sender: bigint | undefined) => ViewResult>): Runs {
  const runs: string[] = [];
  const evaluate =
    (db: TestDatabase): EvaluateView =>
    (view: ViewDef, sender) => {
      runs.push(sender === undefined ? view.name : `${view.name} ${sender}`);
      const result = results[view.name];
      if (result === undefined) throw new Error(`no view ${view.name}`);
      return result(db, sender);
    };
  return { db: new TestDatabase(testModule([task, member], { views: [own, everybody] }), evaluate), runs };
}

const query = (sql: string, reads: ReadSet = nothingRead): ViewResult => ({ kind: 'query', sql, reads });

function rows(list: readonly Row[], reads: ReadSet): ViewResult {
  return { kind: 'rows', rows: list.map((row) => encodeValue(task.row, row)), reads };
}

const bag = (view: string, ...list: readonly Row[]) =>
  list.map((row) => nameRow(view, encodeValue(task.row, row))).sort();

function rejection(work: () => unknown): QueryRejection {
  try {
    work();
  } catch (error) {
    if (error instanceof QueryRejection) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('views that return a query', () => {
  const ofSender = (_: TestDatabase, sender: bigint | undefined) =>
    query(
      `SELECT "task".* FROM "member" JOIN "task" ON "member"."tenant" = "task"."tenantId" WHERE "member"."identity" = 0x${(sender ?? 0n).toString(16).padStart(64, '0')}`,
    );

  test('[QV1] are kept current without running again, under the name of the view', () => {
    const { db, runs } = database({ own_tasks: ofSender });
    db.insert('member', [[1n], 7], [[2n], 8]);
    const mine = db.subscribe(alice, 'SELECT * FROM own_tasks');
    const his = db.subscribe(bob, 'SELECT * FROM "ownTasks" WHERE id > 1');
    db.insert('task', [1, 7], [2, 8], [3, 8]);
    expect(mine.bag).toEqual(bag('own_tasks', [1, 7]));
    expect(his.bag).toEqual(bag('own_tasks', [2, 8], [3, 8]));
    db.delete('member', [[2n], 8]);
    db.insert('member', [[2n], 7]);
    expect(his.bag).toEqual([]);
    expect(runs).toEqual(['own_tasks 1', 'own_tasks 2']);
    expect(db.queries.size).toMatchObject({ groups: 2, views: 2 });
  });

  test('[QV2] equal queries of different senders share their evaluation', () => {
    const { db } = database({ own_tasks: () => query('SELECT * FROM task WHERE "tenantId" = 7') });
    db.subscribe(alice, 'SELECT * FROM own_tasks');
    db.subscribe(bob, 'SELECT * FROM own_tasks');
    expect(db.queries.size).toEqual({ groups: 1, templates: 1, views: 2 });
    const [first, second] = [...db.insert('task', [1, 7]).values()];
    expect(first?.[0]?.tables[0]?.inserts).toBe(second?.[0]?.tables[0]?.inserts);
  });

  test('[QV3] run again when what they read before returning has changed, and switch to another query', () => {
    const { db, runs } = database({
      own_tasks: (db, sender) => {
        const index = db.catalog.indexByName('member_0_idx');
        if (index === undefined || sender === undefined) throw new Error('no index');
        const reader = db.store.table(db.tableId('member'));
        const key = encodeValue(identityType, [sender]);
        const [handle] = reader.point(index.index, key);
        const tenant = handle === undefined ? 0 : db.rows('member').find(([id]) => (id as bigint[])[0] === sender)?.[1];
        const reads: ReadSet = {
          tables: new Set(),
          points: [{ table: db.tableId('member'), index: index.index, key }],
          ranges: [],
        };
        return query(`SELECT * FROM task WHERE "tenantId" = ${tenant}`, reads);
      },
    });
    db.insert('task', [1, 7], [2, 8]);
    const mine = db.subscribe(alice, 'SELECT * FROM own_tasks', 'SELECT * FROM own_tasks WHERE id = 2');
    const his = db.subscribe(bob, 'SELECT * FROM own_tasks');
    db.insert('member', [[1n], 7]);
    expect(mine.bag).toEqual(bag('own_tasks', [1, 7]));
    db.commit((transaction) => {
      transaction.deleteEqual(db.tableId('member'), db.encode('member', [[1n], 7]));
      transaction.insert(db.tableId('member'), db.encode('member', [[1n], 8]));
      transaction.insert(db.tableId('task'), db.encode('task', [3, 8]));
      transaction.deleteEqual(db.tableId('task'), db.encode('task', [1, 7]));
    });
    expect(mine.bag).toEqual(bag('own_tasks', [2, 8], [2, 8], [3, 8]));
    expect(his.bag).toEqual([]);
    expect(runs.filter((run) => run === 'own_tasks 2')).toHaveLength(1);
  });

  test.each([
    ['SELECT * FROM all_tasks', 'view definition cannot read from other views'],
    ['SELECT * FROM member', 'rows of `member`, which are not of its declared type'],
    ['SELECT * FROM member WHERE identity = :sender', 'use ctx.sender as a value'],
    ['SELECT task.id FROM task', 'whole rows of one table'],
    ['SELECT * FROM task ORDER BY id LIMIT 1', 'cannot have ORDER BY or LIMIT'],
    ['DELETE FROM task', 'expected a SELECT'],
  ])('[QV4] are refused: %s', (sql, message) => {
    const { db } = database({ own_tasks: () => query(sql) });
    expect(rejection(() => db.subscribe(alice, 'SELECT * FROM own_tasks')).message).toContain(message);
  });
});

describe('views that return rows', () => {
  test('[QV5] run again only for changes of what they read, once for all who share them', () => {
    const { db, runs } = database({
      all_tasks: (db) => rows(db.rows('task'), { tables: new Set([db.tableId('task')]), points: [], ranges: [] }),
    });
    const first = db.subscribe(alice, 'SELECT * FROM all_tasks');
    const second = db.subscribe(bob, 'SELECT * FROM all_tasks WHERE tenant_id = 7');
    expect(runs).toEqual(['all_tasks']);
    db.insert('member', [[1n], 7]);
    expect(runs).toHaveLength(1);
    db.insert('task', [1, 7], [2, 8]);
    expect(runs).toHaveLength(2);
    db.delete('task', [1, 7]);
    expect(first.bag).toEqual(bag('all_tasks', [2, 8]));
    expect(second.bag).toEqual([]);
  });

  test('[QV6] may return a row several times', () => {
    const { db } = database({
      all_tasks: (db) => {
        const found = db.rows('task');
        return rows([...found, ...found.slice(0, 1)], {
          tables: new Set([db.tableId('task')]),
          points: [],
          ranges: [],
        });
      },
    });
    db.insert('task', [1, 7]);
    const replica = db.subscribe(alice, 'SELECT * FROM all_tasks');
    expect(replica.bag).toEqual(bag('all_tasks', [1, 7], [1, 7]));
    db.delete('task', [1, 7]);
    expect(replica.bag).toEqual([]);
  });

  test('[QV7] a view that throws ends the commit, and discarding leaves everything as it was', () => {
    const { db } = database({
      all_tasks: (db) => {
        if (db.rows('task').length > 1) throw new Rejection('view', 'too many');
        return rows(db.rows('task'), { tables: new Set([db.tableId('task')]), points: [], ranges: [] });
      },
    });
    const replica = db.subscribe(alice, 'SELECT * FROM all_tasks');
    db.insert('task', [1, 7]);
    const transaction = db.store.begin();
    transaction.insert(db.tableId('task'), db.encode('task', [2, 7]));
    expect(() => db.queries.prepare(transaction.changes())).toThrow('too many');
    transaction.rollback();
    db.queries.discard();
    db.insert('member', [[1n], 7]);
    expect(replica.bag).toEqual(bag('all_tasks', [1, 7]));
  });

  test('[QV7] a view that throws when it is subscribed to refuses the subscription', () => {
    const { db } = database({
      all_tasks: () => {
        throw new Rejection('view', 'view `all_tasks`: no');
      },
    });
    const refused = rejection(() => db.subscribe(alice, 'SELECT * FROM all_tasks'));
    expect(refused).toMatchObject({ code: 'view', message: expect.stringContaining('view `all_tasks`: no') });
    expect(db.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
  });

  test('[QV8] a view that nobody uses is dropped and runs no more', () => {
    const { db, runs } = database({
      all_tasks: (db) => rows(db.rows('task'), { tables: new Set([db.tableId('task')]), points: [], ranges: [] }),
    });
    const replica = db.subscribe(alice, 'SELECT * FROM all_tasks');
    db.queries.remove(replica);
    db.insert('task', [1, 7]);
    expect(runs).toHaveLength(1);
    expect(db.queries.size.views).toBe(0);
  });

  test('[QV5] run again for changes in the ranges that they read, not for others', () => {
    const { db, runs } = database({
      all_tasks: (db) => {
        const table = db.tableId('task');
        const index = db.catalog.indexByName('task_1_idx')?.index;
        if (index === undefined) throw new Error('no index');
        const prefix = new Uint8Array(0);
        const value = encodeValue(u32, 10);
        const start = { kind: 'included', value } as const;
        const reader = db.store.table(table);
        const found = reader
          .range(index, prefix, 0, start, { kind: 'unbounded' })
          .map((handle) => reader.row(handle).slice());
        const range = { table, index, prefix, prefixColumns: 0, start, end: { kind: 'unbounded' } } as const;
        return { kind: 'rows', rows: found, reads: { ...nothingRead, ranges: [range] } };
      },
    });
    const replica = db.subscribe(alice, 'SELECT * FROM all_tasks');
    db.insert('task', [1, 9], [2, 10]);
    expect(replica.bag).toEqual(bag('all_tasks', [2, 10]));
    db.insert('task', [3, 0], [4, 9]);
    db.delete('task', [1, 9]);
    expect(runs).toHaveLength(2);
    db.delete('task', [2, 10]);
    expect(replica.bag).toEqual([]);
    expect(runs).toHaveLength(3);
  });

  test('[QX5] a script sees views over what it wrote, and nothing of that stays when it fails', () => {
    const { db } = database({
      all_tasks: (db) => rows(db.rows('task'), { tables: new Set([db.tableId('task')]), points: [], ranges: [] }),
    });
    const owner = { identity: 9n, isOwner: true };
    const count = 'SELECT COUNT(*) AS n FROM all_tasks';
    const counted = (text: string, ends: 'commits' | 'fails') => {
      const transaction = db.store.begin();
      const results = db.queries.script(owner, text).run(transaction);
      if (ends === 'fails') transaction.rollback();
      else {
        db.queries.prepare(transaction.changes());
        db.publish(transaction.commit());
      }
      return results.flatMap(({ rows: [row] }) => (row ? [row[0]] : []));
    };
    const asked = () => db.queries.script(owner, count).run(undefined)[0]?.rows[0]?.[0];
    expect(counted(`INSERT INTO task VALUES (1, 7); ${count}`, 'fails')).toEqual([1]);
    expect(asked()).toBe(0);
    expect(counted(`${count}; INSERT INTO task VALUES (1, 7); ${count}`, 'fails')).toEqual([0, 1]);
    expect(asked()).toBe(0);
    expect(counted(`INSERT INTO task VALUES (1, 7); ${count}`, 'commits')).toEqual([1]);
    expect(asked()).toBe(1);
  });

  test('[QV8] a view that was queried is kept for the next query, and dropped when nobody asks again', () => {
    const { db, runs } = database({
      all_tasks: (db) => rows(db.rows('task'), { tables: new Set([db.tableId('task')]), points: [], ranges: [] }),
    });
    const ask = () => db.queries.query(alice, 'SELECT * FROM all_tasks').rows.length;
    expect([ask(), ask(), runs.length]).toEqual([0, 0, 1]);
    for (let id = 1; id <= 20; id++) db.insert('task', [id, 7]);
    expect([db.queries.size.views, runs.length]).toEqual([0, 9]);
    expect([ask(), runs.length]).toEqual([20, 10]);
  });
});

describe('the next version of the module', () => {
  test('[QV9] views with other results send the difference with the next commit; what they no longer allow ends', () => {
    let tenant = 7;
    const { db } = database({
      own_tasks: () => query(`SELECT * FROM task WHERE "tenantId" = ${tenant}`),
      all_tasks: (db) => rows(db.rows('task'), { tables: new Set([db.tableId('task')]), points: [], ranges: [] }),
    });
    db.insert('task', [1, 7], [2, 8]);
    const mine = db.subscribe(alice, 'SELECT * FROM own_tasks');
    const all = db.subscribe(alice, 'SELECT * FROM all_tasks');
    const owner = db.subscribe({ identity: 9n, isOwner: true }, 'SELECT * FROM task');
    tenant = 8;
    const next = new TestDatabase(testModule([task, member], { views: [own] })).catalog;
    expect(db.queries.replaceCatalog(next)).toEqual([
      { subscriber: all, querySetId: 1, message: expect.stringContaining('no such table: `all_tasks`') },
    ]);
    const updates = db.insert('member', [[1n], 7]);
    expect([...updates.keys()]).toEqual([mine]);
    expect(mine.bag).toEqual(bag('own_tasks', [2, 8]));
    db.insert('task', [3, 8]);
    expect(mine.bag).toEqual(bag('own_tasks', [2, 8], [3, 8]));
    expect(owner.bag).toEqual(bag('task', [1, 7], [2, 8], [3, 8]));
    expect(rejection(() => db.queries.unsubscribe(all, 1)).code).toBe('no-such-query-set');
  });

  test('[QV9] rows with other columns end the query set', () => {
    const { db } = database({});
    const owner = { identity: 9n, isOwner: true };
    db.subscribe(owner, 'SELECT * FROM member');
    const wider = { ...member, row: { ...member.row, fields: [...member.row.fields, { name: 'more', type: u32 }] } };
    const next = new TestDatabase(testModule([task, wider])).catalog;
    expect(db.queries.replaceCatalog(next)).toMatchObject([{ message: expect.stringContaining('other columns') }]);
  });
});
