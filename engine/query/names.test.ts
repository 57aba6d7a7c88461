import { expect, test } from 'vitest';
import type { Type } from '../bsatn/type.ts';
import { nameRow, TestDatabase, testIndex, testModule, testTable, testView } from './testing/database.ts';

const u32: Type = { kind: 'u32' };
const session = testTable('auth.user_session', [['user_id', u32]], {
  sourceName: 'auth.userSession',
  namespace: 'auth',
  columnSourceNames: ['userId'],
  indexes: [testIndex('auth.user_session', [0])],
});
const player = testTable('Player', [['order', u32]], { sourceName: 'gamer' });
const shadow = testTable('gamer', [['id', u32]]);
const alice = { identity: 1n, isOwner: false };

test.each([
  'SELECT * FROM auth.user_session WHERE user_id = 1',
  'SELECT * FROM "auth"."user_session" WHERE "auth"."user_session"."user_id" = 1',
  'SELECT * FROM "auth"."userSession" WHERE "auth"."userSession"."userId" = 1',
  'SELECT * FROM "auth.user_session" AS s WHERE s.user_id = 1 AND (TRUE = TRUE)',
  'SELECT s.* FROM auth.user_session s JOIN auth.user_session z ON s.user_id = z."userId" WHERE z.user_id = 1;',
])('[QN1] tables and columns are found by canonical and source names, in namespaces: %s', (sql) => {
  const db = new TestDatabase(testModule([session, player]));
  const replica = db.subscribe(alice, sql);
  db.insert('auth.user_session', [1], [2]);
  expect(replica.bag).toEqual([nameRow('auth.user_session', db.encode('auth.user_session', [1]))]);
});

test('[QN2] names are case-sensitive, and words that SQL reserves can be quoted', () => {
  const db = new TestDatabase(testModule([session, player]));
  expect(db.queries.query(alice, 'SELECT * FROM Player WHERE "order" < 5').rows).toEqual([]);
  expect(() => db.queries.query(alice, 'SELECT * FROM player')).toThrow('no such table: `player`');
  expect(() => db.queries.query(alice, 'SELECT * FROM Player WHERE order < 5')).toThrow('quote it');
});

test('[QN3] a canonical name wins over another source name, a table over a view', () => {
  const db = new TestDatabase(
    testModule([shadow, player], { views: [testView('Player', player.row), testView('seen', player.row)] }),
    () => () => ({ kind: 'query', sql: 'SELECT * FROM Player', reads: { tables: new Set(), points: [], ranges: [] } }),
  );
  expect(db.queries.query(alice, 'SELECT * FROM gamer').table).toBe('gamer');
  expect(db.queries.query(alice, 'SELECT * FROM Player').row).toBe(player.row);
  expect(db.queries.query(alice, 'SELECT * FROM seen').table).toBe('seen');
});
