import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from './condition.ts';
import { evaluate } from './evaluate.ts';
import { readSource } from './notation.ts';
import { conditionShape } from './read-condition.ts';
import type { Scope } from './scope.ts';
import { type Json, Problems } from './source.ts';
import { fillTemplate, templateShape } from './template.ts';
import { naiveHolds } from './testing/naive.ts';

const scope: Scope = { roots: ['kind', 'payload'] };

function read(text: string): { readonly condition: Condition | undefined; readonly problems: readonly string[] } {
  const source = readSource(text);
  const problems = new Problems();
  const condition = source.ok ? conditionShape(scope).read(source.node, problems) : undefined;
  const list = source.ok ? problems.list : source.problems;
  return {
    condition,
    problems: list.map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint && `; ${hint}`}`),
  };
}

function check(text: string, payload: Json): string {
  const { condition, problems } = read(text);
  if (!condition) throw new Error(problems.join('\n'));
  const failure = evaluate(condition, { kind: 'k', payload });
  if (!failure) return 'holds';
  const seen = failure.seen.map(({ path, value }) => `${path}=${JSON.stringify(value)}`).join(' ');
  return `${failure.at.line}:${failure.at.column} ${failure.condition} | ${seen}`;
}

describe('a condition', () => {
  it('tests paths, and says what failed first with what was seen', () => {
    const text = 'kind: k\npayload.amount: { gt: 100, lte: 200 }\npayload.tags: { contains: urgent }\n';
    expect(check(text, { amount: 150, tags: ['urgent'] })).toBe('holds');
    expect(check(text, { amount: 250, tags: [] })).toBe('2:28 payload.amount lte 200 | payload.amount=250');
    expect(check(text, { amount: '150' })).toBe('2:19 payload.amount gt 100 | payload.amount="150"');
    expect(check(text, {})).toBe('2:19 payload.amount gt 100 | payload.amount=undefined');
  });

  it('has groups, and names the first alternative that failed and what a negation saw', () => {
    const text = 'any:\n  - payload.a: 1\n  - all: [{ payload.b: 2 }, { not: { payload.c: 3 } }]\n';
    expect(check(text, { a: 1 })).toBe('holds');
    expect(check(text, { b: 2 })).toBe('holds');
    expect(check(text, { b: 2, c: 3 })).toBe('2:5 payload.a equals 1, nor any of 1 more | payload.a=undefined');
    expect(check('not: { payload.c: 3 }', { c: 3 })).toBe('1:1 not (payload.c equals 3) | payload.c=3');
  });

  it('calculates, compares with other values, and holds of nothing that is not there', () => {
    expect(
      check('payload.price * payload.count: { gt: { value: payload.limit - 5 } }', { price: 2, count: 5, limit: 14 }),
    ).toBe('holds');
    expect(check('payload.a / payload.b: { gt: 0 }', { a: 1, b: 0 })).toMatch(/^1:26 payload.a \/ payload.b gt 0 \|/);
    expect(check("length(payload['odd key'].list-of[0]): 3", { 'odd key': { 'list-of': ['abc'] } })).toBe('holds');
    expect(check('payload.a: { lt: { value: payload.b } }', { a: 1 })).toMatch(/payload.b=undefined$/);
    expect(check('payload.constructor: { exists: false }', {})).toBe('holds');
    expect(check('payload.a: { notEquals: 1 }\npayload.b: { notIn: [1] }', {})).toBe('holds');
  });

  it('matches regular expressions in linear time, and only texts of up to 4,096 characters', () => {
    expect(check("payload.mail: { matches: '^[^@]+@example\\.com$' }", { mail: 'a@example.com' })).toBe('holds');
    expect(check("payload.a: { matches: '(a|aa)+$' }", { a: `${'a'.repeat(4000)}b` })).toMatch(/matches/);
    expect(check("payload.a: { matches: 'a' }", { a: 'a'.repeat(4097) })).toMatch(/matches/);
  });

  it.each([
    ['payload.a: { gr: 1 }', '1:14 there is no test gr; did you mean gt?'],
    ['payload.a: { ">": 1 }', '1:15 there is no test >; did you mean gt?'],
    ['kind: a\npayloda.a: 1', '2:1 payloda.a begins with payloda, which is not known here; did you mean payload?'],
    ['payload.a: [1, 2]', '1:12 a list cannot be compared with; write { in: [ … ] } for one of them'],
    ['payload.a: { gt: true }', '1:18 expected a number or a text, found true'],
    ['payload.a: { between: [5, 1] }', '1:23 nothing is in this range; the lower bound comes first'],
    ['payload.a: { exists: 1 }', '1:22 expected true or false, found 1'],
    [
      "payload.a: { matches: '(a' }",
      '1:24 error parsing regexp: missing closing ): `(a`; regular expressions are those of RE2',
    ],
    ["payload.a: { matches: '(?=a)' }", /^1:24 .*; looking ahead or behind/],
    ['payload.a: { in: [] }', '1:18 expected a list of 1 to 1000 values, found a list'],
    ['payload.a ++ 2: 1', '1:12 + is not expected here; a path or a number is missing before it'],
    ['"payload.a > 2": 1', /^1:12 ">" has no meaning in an expression; comparisons are keys/],
    ['lenght(payload.a): 1', '1:1 there is no function lenght; did you mean length?'],
    ['payload.a.0: 1', /^1:11 a name is missing after the dot/],
    ['payload.a: "{{payload.b}}"', /^1:12 conditions do not fill in .*; write { value: payload.b }$/],
    [
      'payload.a: { equals: { value: payload.b + } }',
      '1:42 the expression ends too early; a path or a number is missing here',
    ],
    ['all: []', '1:6 expected a list of conditions, found a list'],
    ['- 5', /^1:3 expected a condition, found 5; a path and what it must be/],
    ['{}', /^1:1 a condition is missing/],
  ])('%s is refused at its place', (text, problem) => {
    const { condition, problems } = read(text);
    expect(condition).toBeUndefined();
    if (typeof problem === 'string') expect(problems).toEqual([problem]);
    else expect(problems[0]).toMatch(problem);
  });

  it('is bounded in tests and depth', () => {
    expect(read(Array.from({ length: 300 }, (_, n) => `payload.a${n}: 1`).join('\n')).problems[0]).toMatch(/256 tests/);
    expect(read(`${'{ not: '.repeat(20)}{ payload.a: 1 }${' }'.repeat(20)}`).problems[0]).toMatch(/16 levels/);
  });

  it('holds exactly when a naive evaluator of its text says so', () => {
    const scalar = fc.oneof(
      fc.constantFrom('a', 'B', 'ab', '', 'x-1'),
      fc.integer({ min: -2, max: 3 }),
      fc.boolean(),
      fc.constant(null),
    );
    const ordered = fc.oneof(fc.constantFrom('a', 'ab', 'b'), fc.integer({ min: -2, max: 3 }));
    const word = fc.constantFrom('a', 'B', 'ab', 'b');
    const tests = fc.oneof(
      fc.record({ equals: scalar }),
      fc.record({ notEquals: scalar }),
      fc.record({ gt: ordered }),
      fc.record({ gte: ordered, lt: ordered }),
      fc.record({ lte: ordered }),
      fc.tuple(fc.integer({ min: -2, max: 1 }), fc.integer({ min: 1, max: 3 })).map((between) => ({ between })),
      fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
      fc.record({ notIn: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
      fc.record({ contains: scalar }),
      fc.record({ startsWith: word }),
      fc.record({ endsWith: word }),
      fc.record({ equalsIgnoreCase: word }),
      fc.record({ matches: fc.constantFrom('^a', 'b$', '^(a|b)+$', '[0-9]', '') }),
      fc.record({ exists: fc.boolean() }),
      fc.record({ equals: fc.record({ value: fc.constantFrom('payload.y', 'payload.x', 'payload.z[0]') }) }),
      scalar,
    );
    const left = fc.constantFrom(
      'kind',
      'payload.x',
      'payload.y',
      'payload.z[0]',
      "payload['odd key']",
      'payload.x + payload.y',
      'payload.x * 2 - 1',
      'length(payload.z)',
      'max(payload.x, payload.y)',
    );
    const { condition } = fc.letrec<{ condition: Json }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.dictionary(left, tests, { minKeys: 1, maxKeys: 3 }),
        fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: tie('condition') }),
      ) as fc.Arbitrary<Json>,
    }));
    const payload = fc.record(
      { x: scalar, y: scalar, z: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), 'odd key': scalar },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(condition, fc.record({ kind: word, payload }), (written, value) => {
        const { condition: compiled, problems } = read(JSON.stringify(written));
        if (!compiled) throw new Error(problems.join('\n'));
        const kept = JSON.parse(JSON.stringify(compiled)) as Condition;
        expect(evaluate(kept, value as Json) === undefined).toBe(naiveHolds(written, value));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a template', () => {
  function fill(text: string, value: Json, charsMax = 1000): unknown {
    const source = readSource(text);
    if (!source.ok) throw new Error(JSON.stringify(source.problems));
    const problems = new Problems();
    const template = templateShape(scope).read(source.node, problems);
    if (!template)
      return problems.list.map(({ line, column, message, hint }) => `${line}:${column} ${message}; ${hint}`);
    const filled = fillTemplate(template, value, charsMax);
    return filled.ok ? filled.value : filled.message;
  }
  const value = { kind: 'k', payload: { n: 5, text: 'a "b"', list: [1, 2] } };

  it('keeps the type of a value that stands alone, and writes others into their text', () => {
    expect(fill('n: "{{payload.n}}"\nlist: ["{{ payload.list }}"]\nconstant: { a: 1 }', value)).toEqual({
      n: 5,
      list: [[1, 2]],
      constant: { a: 1 },
    });
    expect(
      fill('"{{kind}}: {{payload.n * 2}} of {{payload.list}} {{payload.text}} {{payload.none}}{{ \'}}\' }}"', value),
    ).toBe('k: 10 of [1,2] a "b" }}');
    expect(fill('a: "{{payload.none}}"', value)).toEqual({ a: null });
  });

  it('is checked when it is read, with the place', () => {
    expect(fill('a: x\nb: "see {{paylod.n}}"', value)).toEqual([
      '2:11 paylod.n begins with paylod, which is not known here; did you mean payload?',
    ]);
    expect(fill("a: 'x {{payload.n'", value)).toEqual(['1:7 {{ is not closed; write }} after the path']);
  });

  it('is bounded in what it becomes', () => {
    expect(fill('[ "{{payload}}", "{{payload}}" ]', { payload: 'x'.repeat(600) })).toMatch(/more than 1000 characters/);
    expect(fill('"{{payload}}{{payload}}"', { payload: 'x'.repeat(600) })).toMatch(/more than 1000 characters/);
  });
});
