import { describe, expect, it } from 'vitest';
import { readSource } from './notation.ts';
import {
  anything,
  boolean,
  byKind,
  duration,
  durationOf,
  integer,
  listOrOne,
  named,
  number,
  object,
  oneKey,
  oneOf,
  optional,
  publishedSchema,
  record,
  required,
  type Shape,
  scalar,
  text,
} from './shape.ts';
import { Problems } from './source.ts';
import { fillText, textTemplateShape } from './template.ts';

function read<T>(shape: Shape<T>, written: string): T | readonly string[] {
  const source = readSource(written);
  const problems = new Problems();
  const value = source.ok ? shape.read(source.node, problems) : undefined;
  if (value !== undefined && problems.none) return value;
  const list = source.ok ? problems.list : source.problems;
  return list.map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint && `; ${hint}`}`);
}

interface Tree {
  readonly name: string;
  readonly size: number | undefined;
  readonly inner: readonly Tree[] | undefined;
}

const tree: Shape<Tree> = named('tree', () =>
  object<Tree>('a tree', {
    name: required(text({ charsMax: 8, pattern: { matches: /^[a-z]+$/, words: 'lower-case letters' } }), 'Its name.'),
    size: optional(integer(1, 9), 'How large it is.'),
    inner: optional(listOrOne(tree, { min: 1, max: 2 }), 'What is in it.'),
  }),
);

describe('a shape', () => {
  it('reads what fits', () => {
    expect(read(tree, 'name: a\ninner: { name: b, size: 3 }')).toEqual({ name: 'a', inner: [{ name: 'b', size: 3 }] });
    const parts = { a: required(number(), 'A.'), b: required(boolean(), 'B.'), c: required(anything(), 'C.') };
    expect(read(object<{ a: number; b: boolean; c: unknown }>('parts', parts), 'a: 1.5\nb: true\nc: [1]')).toEqual({
      a: 1.5,
      b: true,
      c: [1],
    });
    expect(read(record(scalar(9), 2), 'x: 1\ny:')).toEqual(
      new Map<string, unknown>([
        ['x', 1],
        ['y', null],
      ]),
    );
    const action = oneKey<{ wait: number; say: string }>('an action', {
      wait: required(duration(1, 1e9), 'Waits.'),
      say: required(text({ charsMax: 9 }), 'Says.'),
    });
    expect(read(action, 'wait: 1h30m')).toEqual({ tag: 'wait', value: 5_400_000 });
    expect(read(byKind({ scalar: oneOf(['all']), map: tree }), 'all')).toBe('all');
  });

  it('says what is wrong, where, and what is meant', () => {
    expect(read(tree, 'name: A\nsise: 3\ninner:\n  - name: b\n    size: 12\n  - {}')).toEqual([
      '1:7 expected lower-case letters, found the text "A"',
      '2:1 a tree has no key sise; did you mean size?',
      '5:11 expected a whole number from 1 to 9, found 12',
      '6:5 a tree needs the key name',
    ]);
    expect(read(tree, 'name: 5')).toEqual(['1:7 expected a text, found 5; put quotes around it']);
    expect(read(duration(1000, 60_000), '90')).toEqual([
      '1:1 expected a duration such as 30s, 10m, 1h30m or 2d, found 90; add a unit: ms, s, m, h, d or w',
    ]);
    expect(read(duration(1000, 60_000), '2h')).toEqual(['1:1 expected a duration from 1s to 1m, found the text "2h"']);
    expect(read(oneOf(['info', 'warning']), 'warn')).toEqual([
      '1:1 expected one of info, warning, found the text "warn"; known are: info, warning',
    ]);
  });

  it('writes durations so that they read back', () => {
    for (const ms of [1, 999, 90_000, 5_400_000, 90_061_001]) expect(read(duration(1, 1e9), durationOf(ms))).toBe(ms);
  });

  it('describes itself as JSON Schema', () => {
    expect(publishedSchema(tree, 'https://example.com/tree.json', 'A tree')).toMatchObject({
      $id: 'https://example.com/tree.json',
      $ref: '#/$defs/tree',
      $defs: {
        tree: {
          type: 'object',
          required: ['name'],
          additionalProperties: false,
          properties: {
            name: { description: 'Its name.', type: 'string', pattern: '^[a-z]+$' },
            inner: { anyOf: [{ $ref: '#/$defs/tree' }, { type: 'array', items: { $ref: '#/$defs/tree' } }] },
          },
        },
      },
    });
  });

  it('has texts to fill in, which are cut to a length', () => {
    const shape = textTemplateShape({ roots: ['name'] }, 100);
    const template = read(shape, '"hello {{name}}"');
    if (!('kind' in template)) throw new Error(String(template));
    expect(fillText(template, { name: 'Ada' }, 40)).toBe('hello Ada');
    expect(fillText(template, { name: 'x'.repeat(100) }, 10)).toBe('hello xxx…');
  });
});
