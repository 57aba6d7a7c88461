import { describe, expect, it } from 'vitest';
import { readSource } from './notation.ts';
import { plainOf } from './source.ts';

function plain(text: string): unknown {
  const source = readSource(text);
  if (!source.ok) throw new Error(JSON.stringify(source.problems));
  return plainOf(source.node);
}

function problems(text: string): readonly string[] {
  const source = readSource(text);
  return source.ok
    ? []
    : source.problems.map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint && `; ${hint}`}`);
}

describe('a text', () => {
  it('is YAML or JSON, with spaces or tabs between', () => {
    const value = { name: 'a', list: [1, 2.5, true, null], inner: { 'a key': 'x: y' } };
    expect(plain(JSON.stringify(value, null, '\t'))).toEqual(value);
    expect(plain(JSON.stringify(value))).toEqual(value);
    expect(plain('name: a\nlist:\n  - 1\n  - 2.5\n  - true\n  -\ninner: { a key: "x: y" }\n')).toEqual(value);
    expect(plain('{"__proto__": {"a": 1}}')).toEqual(JSON.parse('{"__proto__": {"a": 1}}'));
  });

  it('tells the place of what is wrong', () => {
    expect(problems('')).toEqual(['1:1 the text is empty']);
    expect(problems('a: 1\nb: 2\na: 3')).toEqual(['3:1 the key a is there twice; it is in line 1 already']);
    expect(problems('a: 1\nb:\n\t- 1')[0]).toMatch(/^3:1 .*; indent with spaces$/);
    expect(problems('a: b: c')[0]).toMatch(/^1:4 .*put quotes around/);
    expect(problems('a: 1\n---\nb: 1')[0]).toMatch(/^2:1 .*; leave out the line ---$/);
    expect(problems('a: {{event.x}}')[0]).toMatch(/^1:\d a key must be a text; put quotes/);
    expect(problems('a: 123456789012345678901')).toEqual([
      '1:4 123456789012345678901 is not a number that can be kept exactly; put quotes around it',
    ]);
    expect(problems('a: .inf')[0]).toMatch(/^1:4 /);
  });

  it('has no anchors, aliases and tags, so that it is as large as it looks', () => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a]', 'c: &c [*b, *b]', 'd: [*c, *c]'].join('\n');
    expect(problems(bomb)[0]).toMatch(/^1:\d+ anchors \(&\), aliases \(\*\) and tags \(!\) are not understood here/);
    expect(problems('a: !!str 1')[0]).toMatch(/anchors/);
    expect(problems('a: 1\n<<: *a').length).toBeGreaterThan(0);
  });

  it('is bounded in size, depth and number of values', () => {
    expect(problems(`a: ${'x'.repeat(70_000)}`)).toEqual([
      '1:1 the text has 70003 characters, at most 65536 are allowed',
    ]);
    const deep = /the text is nested more than 32 levels deep/;
    for (const text of [
      '['.repeat(60_000),
      '{a: '.repeat(10_000),
      '- '.repeat(20_000),
      '? '.repeat(20_000),
      Array.from({ length: 300 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
      Array.from({ length: 60 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
      Array.from({ length: 42 }, (_, level) => `${' '.repeat(level * 64)}${'- '.repeat(32)}`).join('\n'),
    ]) {
      expect(problems(text)[0], text.slice(0, 20)).toMatch(deep);
    }
    expect(plain(`${'['.repeat(31)}1${']'.repeat(31)}`)).toBeDefined();
    expect(problems(`[${'1,'.repeat(25_000)}1]`)[0]).toMatch(/more than 20000 values/);
  });

  it('is never an exception, whatever stands in it', () => {
    for (const text of [
      '{',
      '}',
      ']',
      '"',
      "'",
      '&',
      '*',
      '!',
      '%',
      '@',
      '`',
      '|',
      '>',
      ':',
      '-',
      '?',
      '\u0000',
      '\uFEFF',
    ]) {
      for (const around of [text, `a: ${text}`, `- ${text}\n${text}`, `{a: ${text}}`]) readSource(around);
    }
  });
});
