import { describe, expect, test } from 'vitest';
import {
  bytesType,
  connectionIdType,
  identityType,
  scheduleAtType,
  timeDurationType,
  timestampType,
  uuidType,
} from '../bsatn/special.ts';
import type { Type } from '../bsatn/type.ts';
import { decodeValue } from '../bsatn/value.ts';
import { Rejection } from '../errors.ts';
import { QueryRejection } from './rejection.ts';
import { type Row, TestDatabase, testIndex, testModule, testTable } from './testing/database.ts';

const u32: Type = { kind: 'u32' };
const string: Type = { kind: 'string' };
const person = testTable(
  'person',
  [
    ['id', u32],
    ['name', string],
    ['age', { kind: 'u8' }],
  ],
  {
    indexes: [testIndex('person', [0], true)],
    sequences: [{ name: 's', column: 0, start: 100n, min: 1n, max: 1000n, increment: 1n }],
  },
);
const pet = testTable('pet', [
  ['person', u32],
  ['name', string],
]);
const vault = testTable('vault', [['id', u32]], { isPublic: false });
const kinds = testTable('kinds', [
  ['i', { kind: 'i256' }],
  ['f', { kind: 'f32' }],
  ['id', identityType],
  ['c', connectionIdType],
  ['t', timestampType],
  ['u', uuidType],
  ['b', bytesType],
  ['d', { kind: 'f64' }],
]);
const duration = testTable('duration', [['d', timeDurationType]]);
const unit: Type = { kind: 'product', fields: [] };
const sum = (...variants: readonly (readonly [string, Type])[]): Type => {
  return { kind: 'sum', variants: variants.map(([name, type]) => ({ name, type })) };
};
/** Columns that rows may have, but queries have no values and no comparisons for. */
const opaque = testTable('opaque', [
  ['enum', sum(['low', unit], ['high', unit])],
  ['option', sum(['some', u32], ['none', unit])],
  ['result', sum(['ok', u32], ['err', string])],
  ['product', { kind: 'product', fields: [{ name: 'x', type: u32 }] }],
  ['array', { kind: 'array', of: u32 }],
  ['time-duration', timeDurationType],
  ['schedule-at', scheduleAtType],
]);

const owner = { identity: 9n, isOwner: true };
const alice = { identity: 1n, isOwner: false };

function database(): TestDatabase {
  const db = new TestDatabase(testModule([person, pet, vault, kinds, duration, opaque]));
  db.insert('person', [1, 'ann', 30], [2, 'bob', 20], [3, 'cat', 40], [4, 'dan', 20]);
  db.insert('pet', [1, 'rex'], [1, 'tom'], [3, 'kit']);
  return db;
}

function run(db: TestDatabase, text: string, caller = owner) {
  const script = db.queries.script(caller, text);
  const transaction = script.isWrite ? db.store.begin() : undefined;
  try {
    const results = script.run(transaction);
    transaction?.commit();
    return results;
  } catch (error) {
    transaction?.rollback();
    throw error;
  }
}

function ask(db: TestDatabase, sql: string, caller = owner): Row[] {
  const [result] = run(db, sql, caller);
  return (result?.rows ?? []).map((row) => decodeValue(result?.row as typeof person.row, row) as Row);
}

test.each([
  ["UPDATE person SET name = 'x'", 2],
  ['DELETE FROM pet WHERE person > 0', 2],
  ['DELETE FROM pet WHERE person > 0', 3],
])('[QX13] %s is refused when it goes on for too long, and nothing of it is left', (text, looksMax) => {
  let looks = Number.NEGATIVE_INFINITY;
  const requireTime = () => {
    looks += 1;
    if (looks >= looksMax) throw new Rejection('time-limit', 'too long');
  };
  const db = new TestDatabase(testModule([person, pet]), undefined, { requireTime });
  const ids = Array.from({ length: 900 }, (_, i) => i + 1);
  db.insert('person', ...ids.map((id): Row => [id, `person ${id}`, 30]));
  db.insert('pet', ...[1, 2, 3, 4].flatMap((pet) => ids.map((id): Row => [id, `pet ${pet}`])));
  const before = [db.rows('person'), db.rows('pet')];
  looks = 0;
  expect(() => run(db, text)).toThrow('too long');
  expect([db.rows('person'), db.rows('pet')]).toEqual(before);
});

describe('SELECT', () => {
  test('[QX1] columns, aliases, order and limit', () => {
    const db = database();
    expect(ask(db, 'SELECT name AS who, age FROM person ORDER BY age DESC, name LIMIT 3')).toEqual([
      ['cat', 40],
      ['ann', 30],
      ['bob', 20],
    ]);
    expect(run(db, 'SELECT name AS who FROM person')[0]?.row.fields).toEqual([{ name: 'who', type: string }]);
    expect(ask(db, 'SELECT * FROM person LIMIT 2')).toHaveLength(2);
    expect(ask(db, 'SELECT * FROM person LIMIT 0')).toHaveLength(0);
  });

  test('[QX1] the first of many rows are those of all rows in order', () => {
    const db = database();
    const rows = Array.from({ length: 5000 }, (_, i): Row => [(i * 3571) % 700, `pet ${i % 1300}`]);
    db.insert('pet', ...rows);
    const all = ask(db, 'SELECT * FROM pet ORDER BY person DESC, name');
    expect(all).toHaveLength(new Set(rows.map(String)).size + 3);
    for (const limit of [0, 1, 7, 1500, 6000]) {
      const first = ask(db, `SELECT * FROM pet ORDER BY person DESC, name LIMIT ${limit}`);
      expect(first).toEqual(all.slice(0, limit));
    }
  });

  test('[QX2] counts', () => {
    const db = database();
    expect(ask(db, 'SELECT COUNT(*) AS n FROM person')).toEqual([[4n]]);
    expect(ask(db, 'SELECT COUNT(*) AS n FROM person WHERE age = 20')).toEqual([[2n]]);
  });

  test('[QX3] joins of any number of relations, with or without indexes', () => {
    const db = database();
    const two = 'SELECT person.name, pet.name AS pet FROM person JOIN pet ON person.id = pet.person ORDER BY pet.name';
    expect(ask(db, two)).toEqual([
      ['cat', 'kit'],
      ['ann', 'rex'],
      ['ann', 'tom'],
    ]);
    const three =
      'SELECT COUNT(*) AS n FROM pet a JOIN pet b ON a.person = b.person JOIN person p ON p.id = b.person AND p.age > 30';
    expect(ask(db, three)).toEqual([[1n]]);
    expect(ask(db, 'SELECT COUNT(*) AS n FROM pet a JOIN pet b ON a.name <> b.name')).toEqual([[6n]]);
  });

  test('[QX4] strangers see public tables only and write nothing', () => {
    const db = database();
    expect(() => ask(db, 'SELECT * FROM vault', alice)).toThrow('no such table: `vault`');
    for (const text of ['DELETE FROM person', "INSERT INTO pet VALUES (1, 'x')", 'SET row_limit = 3']) {
      expect(() => run(db, text, alice)).toThrow(/for the owner/);
    }
  });
});

describe('writes', () => {
  test('[QX5] insert, update and delete say how many rows, and later statements see earlier ones', () => {
    const db = database();
    const results = run(
      db,
      "INSERT INTO person (name, id, age) VALUES ('eve', 0, 50), ('fay', 0, 50); UPDATE person SET age = 51, name = 'x' WHERE age = 50; SELECT COUNT(*) AS n FROM person WHERE age = 51; DELETE FROM person WHERE age = 20",
    );
    expect(
      results.map(({ rowsInserted, rowsUpdated, rowsDeleted }) => [rowsInserted, rowsUpdated, rowsDeleted]),
    ).toEqual([
      [2, 0, 0],
      [0, 2, 0],
      [0, 0, 0],
      [0, 0, 2],
    ]);
    expect(results[2]?.rows[0]?.[0]).toBe(2);
    const ids = db.rows('person').map(([id]) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids).not.toContain(0);
  });

  test('[QX5] a delete without a condition empties the table', () => {
    const db = database();
    const [emptied, left] = run(db, 'DELETE FROM pet; SELECT COUNT(*) AS n FROM pet');
    expect([emptied?.rowsDeleted, left?.rows[0]?.[0]]).toEqual([3, 0]);
    expect(db.rows('person')).toHaveLength(4);
  });

  test.each([
    ['INSERT INTO person (id, name) VALUES (1, 2)', 'INSERT names each column once: `id`, `name`, `age`'],
    ["INSERT INTO person VALUES (1, 'x')", 'expected 3 values in a row, saw 2'],
    ["INSERT INTO person VALUES (1, 'x', 256)", 'the number 256'],
    ['UPDATE person SET nope = 1', 'no such column: `nope`; `person` has `id`, `name`, `age`'],
    ['INSERT INTO duration VALUES (5)', 'no value of type time-duration: SQL writes no values of that type'],
    ['SET other = 5', 'the only one is `row_limit`'],
    ['SELECT * FROM *', 'for subscriptions'],
    ['SELECT name, age AS name FROM person', 'two columns are named `name`'],
    [
      'SELECT pet.* FROM pet JOIN person ON person = id',
      '`person` stands alone, write `pet`.`person` or `person`.`person`',
    ],
    ['SELECT * FROM person WHERE age', 'TRUE at character 28 is no value of type u8'],
  ])('[QX6] %s', (text, message) => {
    expect(() => run(database(), text)).toThrow(message);
  });
});

describe('columns of other types', () => {
  test.each(opaque.row.fields.map(({ name }) => name))(
    '[QX12] %s: returned, neither compared nor written',
    (column) => {
      const db = database();
      expect(ask(db, `SELECT "${column}" FROM opaque`)).toEqual([]);
      for (const literal of ["'low'", '1', 'TRUE', '0x00', "'1970-01-01T00:00:00Z'"]) {
        const compared = `column \`${column}\` of type ${column} cannot be compared in a query; booleans, numbers`;
        expect(() => ask(db, `SELECT * FROM opaque WHERE "${column}" = ${literal}`)).toThrow(compared);
        expect(() => run(db, `UPDATE opaque SET "${column}" = ${literal}`)).toThrow(
          `is no value of type ${column}: SQL writes`,
        );
      }
      expect(() => ask(db, `SELECT * FROM opaque ORDER BY "${column}"`)).toThrow('cannot be compared');
      expect(() => ask(db, `SELECT * FROM opaque WHERE "${column}" = "${column}"`)).toThrow('cannot be compared');
    },
  );
});

describe('row_limit', () => {
  test('[QX7] bounds what strangers may ask for, not the owner', () => {
    const db = database();
    expect(ask(db, 'SHOW row_limit')).toEqual([]);
    run(db, 'SET row_limit = 3');
    expect(ask(db, 'SHOW row_limit')).toEqual([[3n]]);
    expect(() => ask(db, 'SELECT * FROM person', alice)).toThrow(QueryRejection);
    expect(() => db.subscribe(alice, 'SELECT * FROM person')).toThrow('4 rows, more than the row_limit of 3');
    expect(ask(db, 'SELECT * FROM person WHERE age = 20', alice)).toHaveLength(2);
    expect(ask(db, 'SELECT * FROM person')).toHaveLength(4);
  });
});

describe('literals', () => {
  const identity = '0x'.padEnd(66, 'c2');
  const insert = (over: Record<string, string> = {}) => {
    const values = {
      i: '-1e3',
      f: '1.5',
      id: identity,
      c: "'0x0000000000000000000000000000002a'",
      t: "'2024-02-29T12:00:00.000001+01:00'",
      u: "'00000000-0000-0000-0000-0000000000ff'",
      b: "X'00ff'",
      d: '1e300',
      ...over,
    };
    return `INSERT INTO kinds VALUES (${Object.values(values).join(', ')})`;
  };

  test('[QX8] take the type of what they stand beside', () => {
    const db = database();
    run(db, insert());
    expect(db.rows('kinds')).toEqual([
      [-1000n, 1.5, [BigInt(identity)], [42n], [1_709_204_400_000_001n], [255n], Uint8Array.of(0, 255), 1e300],
    ]);
    const where = [
      'i = -1000.0',
      'i < -999',
      'f >= 1.5',
      `id = '${identity}'`,
      'c = 0x0000000000000000000000000000002a',
      "t > '2024-02-29T11:00:00Z'",
      "t = '2024-02-29 11:00:00.0000019Z'",
      'u = 0x000000000000000000000000000000ff',
      "b = '00FF'",
      'b > 0x00',
      '0x00 < b',
      'NOT (d < 1)',
      "i = '-1000'",
      "i < '+1e3'",
      "f = '1.5'",
      'f < 1e39 AND f > -1e39',
      'd < 1e999',
    ];
    for (const condition of where) {
      expect(ask(db, `SELECT COUNT(*) AS n FROM kinds WHERE ${condition}`), condition).toEqual([[1n]]);
    }
  });

  test('[QX8] :sender is the caller, as an identity or as bytes', () => {
    const db = database();
    const caller = { identity: BigInt(identity), isOwner: true };
    run(db, insert({ b: identity }));
    expect(ask(db, 'SELECT COUNT(*) AS n FROM kinds WHERE id = :sender AND b = :sender', caller)).toEqual([[1n]]);
  });

  test.each([
    { i: '1.5' },
    { i: '1e999999999' },
    { i: `${2n ** 255n}` },
    { i: "'1x'" },
    { i: "''" },
    { i: "' 1'" },
    { i: '0x10' },
    { f: "'x'" },
    { d: '0x10' },
    { id: "'0x12'" },
    { c: identity },
    { u: "'00000000-0000-0000-0000'" },
    { t: "'2024-02-30T00:00:00Z'" },
    { t: "'2024-02-28'" },
    { t: '5' },
    { b: '0x123' },
    { b: 'TRUE' },
  ])('[QX9] %j is refused', (over) => {
    expect(() => run(database(), insert(over))).toThrow(/is no value of type/);
  });
});
