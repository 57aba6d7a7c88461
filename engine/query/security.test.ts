import { describe, expect, test } from 'vitest';
import { identityType } from '../bsatn/special.ts';
import type { Type } from '../bsatn/type.ts';
import { checkRules } from './queries.ts';
import { QueryRejection } from './rejection.ts';
import { catalogOf, nameRow, type Row, TestDatabase, testIndex, testModule, testTable } from './testing/database.ts';

const u32: Type = { kind: 'u32' };
const note = testTable(
  'note',
  [
    ['id', u32],
    ['owner', identityType],
    ['team', u32],
    ['shared', { kind: 'bool' }],
  ],
  { indexes: [testIndex('note', [0], true), testIndex('note', [1]), testIndex('note', [2]), testIndex('note', [3])] },
);
const team = testTable(
  'team',
  [
    ['id', u32],
    ['member', identityType],
  ],
  { isPublic: false, indexes: [testIndex('team', [0]), testIndex('team', [1])] },
);
const comment = testTable(
  'comment',
  [
    ['note', u32],
    ['text', { kind: 'string' }],
  ],
  { indexes: [testIndex('comment', [0])] },
);

const alice = { identity: 1n, isOwner: false };
const bob = { identity: 2n, isOwner: false };
const owner = { identity: 9n, isOwner: true };

const rules = [
  'SELECT * FROM note WHERE owner = :sender',
  'SELECT * FROM note WHERE shared = TRUE',
  'SELECT note.* FROM note JOIN team ON note.team = team.id WHERE team.member = :sender',
  'SELECT comment.* FROM comment JOIN note ON comment.note = note.id',
];

const titled = testTable('note', [
  ['id', u32],
  ['title', { kind: 'string' }],
]);

function database(rowLevelSecurity = rules, tables = [note, team, comment]): TestDatabase {
  const db = new TestDatabase(testModule(tables, { rowLevelSecurity }));
  if (!tables.includes(note)) return db;
  db.insert('note', [1, [1n], 5, false], [2, [2n], 5, false], [3, [2n], 6, true], [4, [2n], 6, false]);
  db.insert('comment', [1, 'a'], [2, 'b'], [3, 'c'], [4, 'd']);
  return db;
}

const seen = (db: TestDatabase, table: string, ...rows: readonly Row[]) =>
  rows.map((row) => nameRow(table, db.encode(table, row))).sort();

describe('row-level security', () => {
  test('[QR1] a row is seen by those whom one of its rules allows, and by the owner', () => {
    const db = database();
    const hers = db.subscribe(alice, 'SELECT * FROM note');
    expect(hers.bag).toEqual(seen(db, 'note', [1, [1n], 5, false], [3, [2n], 6, true]));
    db.insert('team', [5, [1n]]);
    expect([...hers.counts.keys()].sort()).toEqual(
      seen(db, 'note', [1, [1n], 5, false], [2, [2n], 5, false], [3, [2n], 6, true]),
    );
    expect(db.subscribe(owner, 'SELECT * FROM note').bag).toHaveLength(4);
  });

  test('[QR9] a row of an event table reaches those whom one of its rules allows', () => {
    const whisper = testTable('whisper', [['to', identityType]], {
      isEvent: true,
      indexes: [testIndex('whisper', [0])],
    });
    const db = new TestDatabase(
      testModule([whisper], { rowLevelSecurity: ['SELECT * FROM whisper WHERE to = :sender'] }),
    );
    const [hers, his] = [alice, bob].map((caller) => db.subscribe(caller, 'SELECT * FROM whisper'));
    db.insert('whisper', [[1n]]);
    expect([hers?.events, his?.events]).toEqual([seen(db, 'whisper', [[1n]]), []]);
  });

  test('[QR2] rules apply to the tables that rules name', () => {
    const db = database();
    const hers = db.subscribe(alice, 'SELECT * FROM comment');
    expect(hers.bag).toEqual(seen(db, 'comment', [1, 'a'], [3, 'c']));
    db.delete('note', [3, [2n], 6, true]);
    db.insert('team', [6, [1n]]);
    expect([...hers.counts.keys()].sort()).toEqual(seen(db, 'comment', [1, 'a'], [4, 'd']));
  });

  test('[QR3] one-off queries and counts see each allowed row once', () => {
    const db = database();
    db.insert('team', [5, [1n]]);
    expect(db.queries.query(alice, 'SELECT * FROM note').rows).toHaveLength(3);
    const count = (caller: typeof alice) =>
      Number(db.queries.script(caller, 'SELECT COUNT(*) AS n FROM note').run(undefined)[0]?.rows[0]?.[0]);
    expect([count(alice), count(bob), count(owner)]).toEqual([3, 3, 4]);
  });

  test('[QR4] rules about one table alone send a row once, however many of them allow it', () => {
    const db = database();
    db.insert('note', [5, [1n], 9, true]);
    const hers = db.subscribe(alice, 'SELECT * FROM note WHERE id = 5');
    expect(hers.bag).toEqual(seen(db, 'note', [5, [1n], 9, true]));
  });

  test('[QR4] two rules that say the same are one', () => {
    const rule = 'SELECT note.* FROM note JOIN team ON note.team = team.id WHERE team.member = :sender';
    const db = database([rule, rule]);
    const hers = db.subscribe(alice, 'SELECT a.* FROM note a JOIN note b ON a.id = b.id');
    db.insert('team', [6, [1n]]);
    const fresh = db.subscribe(alice, 'SELECT a.* FROM note a JOIN note b ON a.id = b.id');
    expect(hers.bag).toEqual(fresh.bag);
    expect(hers.bag).toEqual(seen(db, 'note', [3, [2n], 6, true], [4, [2n], 6, false]));
  });

  test('[QR5] rules that cannot be used are refused when the module starts', () => {
    for (const rule of ['SELECT * FROM nothing', 'SELECT id FROM note', 'nonsense', 'DELETE FROM note']) {
      expect(() => database([rule])).toThrow(QueryRejection);
      const catalog = catalogOf(testModule([note], { rowLevelSecurity: [rule] }));
      expect(() => checkRules(catalog)).toThrow(QueryRejection);
    }
  });

  test('[QR2] a rule sees all rows of the table that it is about, also where it joins them', () => {
    const db = database(['SELECT a.* FROM note a JOIN note b ON a.team = b.team WHERE b.owner = :sender']);
    const hers = db.subscribe(alice, 'SELECT * FROM note');
    expect([...hers.counts.keys()].sort()).toEqual(seen(db, 'note', [1, [1n], 5, false], [2, [2n], 5, false]));
    expect(db.queries.query(alice, 'SELECT * FROM note').rows).toHaveLength(2);
    db.insert('note', [5, [1n], 6, false]);
    expect([...hers.counts.keys()]).toHaveLength(5);
  });

  test('[QR8] a rule whose join has no index serves one-off queries, not subscriptions', () => {
    const db = database(['SELECT comment.* FROM comment JOIN note ON comment.text = note.title'], [titled, comment]);
    db.insert('note', [1, 'a']);
    db.insert('comment', [1, 'a'], [2, 'b']);
    expect(db.queries.query(alice, 'SELECT * FROM comment').rows).toHaveLength(1);
    expect(() => db.subscribe(alice, 'SELECT * FROM comment')).toThrow(
      'Subscriptions require indexes on join columns, executing: `SELECT * FROM comment` (`comment`.`text` has none)',
    );
    expect(db.subscribe(owner, 'SELECT * FROM comment').bag).toHaveLength(2);
  });

  test('[QR6] rules that need one another are refused when they are used', () => {
    const db = database([
      'SELECT note.* FROM note JOIN comment ON note.id = comment.note',
      'SELECT comment.* FROM comment JOIN note ON comment.note = note.id',
    ]);
    expect(() => db.subscribe(alice, 'SELECT * FROM note')).toThrow('need themselves');
    expect(db.subscribe(owner, 'SELECT * FROM note').bag).toHaveLength(4);
  });
});
