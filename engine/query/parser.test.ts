import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sqlCharsMax } from './lexer.ts';
import { parseScript, parseStatement } from './parser.ts';
import { QueryRejection } from './rejection.ts';

function rejection(sql: string): QueryRejection {
  try {
    parseStatement(sql);
  } catch (error) {
    if (error instanceof QueryRejection) return error;
    throw error;
  }
  throw new Error(`accepted: ${sql}`);
}

describe('SELECT', () => {
  test('[QP1] keywords are read in any case, names as they are written', () => {
    const lower = parseStatement('select * from Task where Id = 1');
    const upper = parseStatement('SELECT * FROM Task WHERE Id = 1');
    expect(lower).toEqual(upper);
    expect(lower).toMatchObject({ kind: 'select', from: [{ name: { text: 'Task' }, alias: 'Task' }] });
  });

  test('[QP2] what the SDK builds for a semijoin is read', () => {
    const sql =
      'SELECT "r".* FROM "ns"."l" JOIN "r" ON "ns"."l"."x" = "r"."y" WHERE (("ns"."l"."a" = -5) AND ("r"."b" <> \'it\'\'s\')) AND (NOT ("r"."c" = 0xAb))';
    expect(parseStatement(sql)).toMatchObject({
      kind: 'select',
      projection: { kind: 'relation', name: { text: 'r' } },
      from: [{ name: { text: 'ns.l' } }, { name: { text: 'r' } }],
      on: [{ kind: 'compare', left: { relation: 'ns.l', column: 'x' }, right: { relation: 'r', column: 'y' } }],
      where: {
        kind: 'and',
        terms: [
          {
            kind: 'and',
            terms: [
              { right: { literal: { kind: 'number', text: '-5' } } },
              { op: '<>', right: { literal: { kind: 'text', value: "it's" } } },
            ],
          },
          { kind: 'not', term: { right: { literal: { kind: 'hex', digits: 'Ab' } } } },
        ],
      },
    });
  });

  test('[QP1] quoted names keep blanks, dots, keywords and doubled quotes', () => {
    expect(parseStatement('SELECT * FROM "a ""b"" c.select" AS "where"')).toMatchObject({
      from: [{ name: { text: 'a "b" c.select' }, alias: 'where' }],
    });
  });

  test('[QP2] numbers with exponents, hex in both spellings, parameters and TRUE = TRUE are read', () => {
    const parsed = parseStatement(
      "SELECT * FROM t WHERE a = 1e+21 OR b = .5 OR c = X'0a' OR d = :sender OR TRUE = TRUE OR FALSE",
    );
    expect(parsed).toMatchObject({
      where: {
        kind: 'or',
        terms: [
          { right: { literal: { text: '1e+21' } } },
          { right: { literal: { text: '.5' } } },
          { right: { literal: { kind: 'hex', digits: '0a' } } },
          { right: { literal: { kind: 'sender' } } },
          { left: { literal: { value: true } } },
          { kind: 'constant', value: false },
        ],
      },
    });
  });

  test('[QP2] a column that stands alone is compared with TRUE', () => {
    const bare = parseStatement('SELECT * FROM t WHERE a AND NOT t.b');
    const spelled = parseStatement('SELECT * FROM t WHERE a = TRUE AND NOT t.b = TRUE');
    const withoutPositions = (_: string, value: unknown) => (typeof value === 'number' ? 0 : value);
    expect(JSON.stringify(bare, withoutPositions)).toBe(JSON.stringify(spelled, withoutPositions));
  });

  test('[QP2] comments are blanks, but not inside text and names', () => {
    const parsed = parseScript('-- all; of them\nSELECT /* not\nx */ "a--b" FROM t WHERE a = \'/* x */\'-- the end');
    expect(parsed).toMatchObject([
      {
        projection: { columns: [{ column: { column: 'a--b' } }] },
        where: { right: { literal: { value: '/* x */' } } },
      },
    ]);
  });

  test('[QP2] AND binds tighter than OR', () => {
    expect(parseStatement('SELECT * FROM t WHERE a = 1 OR b = 2 AND c = 3')).toMatchObject({
      where: { kind: 'or', terms: [{ kind: 'compare' }, { kind: 'and' }] },
    });
  });

  test('[QP2] everything, counts, columns, ORDER BY and LIMIT are read', () => {
    expect(parseStatement('SELECT * FROM *;')).toEqual({ kind: 'everything' });
    expect(parseStatement('SELECT COUNT(*) AS n FROM t')).toMatchObject({ projection: { kind: 'count', alias: 'n' } });
    expect(parseStatement('SELECT t.a AS x, b FROM t ORDER BY a DESC, t.b LIMIT 5')).toMatchObject({
      projection: { kind: 'columns', columns: [{ alias: 'x' }, { column: { column: 'b' } }] },
      orderBy: [{ isDescending: true }, { column: { relation: 't' }, isDescending: false }],
      limit: 5,
    });
  });
});

describe('statements that write', () => {
  test('[QP3] a script is split at semicolons', () => {
    const script = parseScript(
      ";INSERT INTO t (a, b) VALUES (1, 'x;y'), (2, 'z'); UPDATE t SET a = 3 WHERE b = 'x'; DELETE FROM t; SET row_limit = 9; SHOW row_limit;;",
    );
    expect(script.map((statement) => statement.kind)).toEqual(['insert', 'update', 'delete', 'set', 'show']);
    expect(script[0]).toMatchObject({ columns: [{ text: 'a' }, { text: 'b' }], rows: [{ length: 2 }, { length: 2 }] });
  });
});

describe('rejections', () => {
  test.each([
    ['', 'expected a query'],
    ['SELECT', 'expected * or a column, saw the end of the query'],
    ['SELECT * FROM select', 'expected a table, saw "select" at character 15 (quote it'],
    ['SELECT * FROM t WHERE 1', 'expected a comparison such as = or <, saw the end'],
    ['SELECT * FROM t WHERE a 1', 'expected the end of the query, saw "1" at character 25'],
    ['SELECT * FROM t WHERE a = 12x', 'a number runs into a name at character 27'],
    ["SELECT * FROM t WHERE a = 'x", "the text that starts at character 27 has no closing '"],
    ['SELECT * FROM "" ', 'character 15'],
    ['SELECT * FROM t /* all', 'the comment that starts at character 17 has no closing */'],
    ['SELECT * FROM a, b', 'JOIN … ON instead of a comma'],
    ['SELECT * FROM t WHERE a = NULL', 'NULL at character 27'],
    ['SELECT * FROM t WHERE a = :me', 'the only parameter is :sender'],
    ['SELECT * FROM t; SELECT * FROM u', 'expected one query'],
    ['SELECT * FROM t WHERE a = 1 ?', 'unexpected character "?" at character 29'],
    ['SELECT * FROM t LIMIT 1.5', 'a whole number of rows'],
    ['DROP TABLE t', 'expected SELECT, INSERT'],
  ])('[QP4] %j says what was seen and where', (sql, message) => {
    expect(rejection(sql).message).toContain(message);
  });

  test('[QP5] nesting and length are bounded', () => {
    for (const open of ['(', 'NOT ', 'NOT (']) {
      expect(rejection(`SELECT * FROM t WHERE ${open.repeat(5000)}`).code).toBe('too-large');
    }
    expect(rejection(' '.repeat(sqlCharsMax + 1)).code).toBe('too-large');
    const wide = Array.from({ length: 3000 }, (_, n) => `a = ${n}`).join(' OR ');
    expect(parseStatement(`SELECT * FROM t WHERE ${wide}`)).toMatchObject({ where: { terms: { length: 3000 } } });
  });
});

describe('any input', () => {
  const words =
    "SELECT * FROM t WHERE a = 1 AND OR NOT ( ) . , ; ' \" :sender 0x X'0a' 'text' \"q\" JOIN ON INNER AS <> <= COUNT LIMIT ORDER BY INSERT INTO VALUES UPDATE SET DELETE SHOW - + 1e9 TRUE ! é \u{1f600}".split(
      ' ',
    );

  function onlyRejects(sql: string): void {
    try {
      parseScript(sql);
    } catch (error) {
      expect(error).toBeInstanceOf(QueryRejection);
    }
  }

  test('[QP6] random words are parsed or rejected, never a crash', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), fc.constantFrom(' ', ''), (chosen, glue) =>
        onlyRejects(chosen.join(glue)),
      ),
      { numRuns: 2000 },
    );
  });

  test('[QP6] damaged queries are parsed or rejected, never a crash', () => {
    const whole =
      "SELECT a.* FROM \"t\" AS a JOIN u b ON a.x = b.\"y\" WHERE (a.z >= -1.5e3 AND NOT (b.w = 'it''s')) OR b.v <> 0xff ORDER BY a.x DESC LIMIT 5; UPDATE t SET a = X'00' WHERE b = :sender";
    const damage = fc.record({
      at: fc.nat(whole.length),
      cut: fc.nat(6),
      put: fc.constantFrom('', ...words, '/*', '--'),
    });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        let sql = whole;
        for (const { at, cut, put } of damages) sql = sql.slice(0, at) + put + sql.slice(at + cut);
        onlyRejects(sql);
      }),
      { numRuns: 1000 },
    );
  });

  test('[QP6] random text is parsed or rejected, never a crash', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), onlyRejects), { numRuns: 1000 });
  });
});
