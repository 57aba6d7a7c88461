import { expect, test } from 'vitest';
import { readAnswer } from './answer.ts';

test('paragraphs are separated by blank lines and keep their line breaks', () => {
  expect(readAnswer('one\ntwo\n\nthree', 0)).toEqual([
    { kind: 'paragraph', spans: [{ kind: 'text', text: 'one\ntwo' }] },
    { kind: 'paragraph', spans: [{ kind: 'text', text: 'three' }] },
  ]);
});

test('markup stays text', () => {
  const text = '<img src=x onerror=alert(1)> [link](javascript:alert(1))';
  expect(readAnswer(text, 0)).toEqual([{ kind: 'paragraph', spans: [{ kind: 'text', text }] }]);
});

test('a number in brackets is a citation only when there is such a source', () => {
  expect(readAnswer('yes [1], no [2]', 1)).toEqual([
    {
      kind: 'paragraph',
      spans: [
        { kind: 'text', text: 'yes ' },
        { kind: 'citation', number: 1 },
        { kind: 'text', text: ', no [2]' },
      ],
    },
  ]);
});

test('code, emphasis and lists are recognised', () => {
  expect(readAnswer('# Title\n\n- `a` **b**\n  more\n- *c*\n\n1. one', 0)).toEqual([
    { kind: 'paragraph', spans: [{ kind: 'strong', text: 'Title' }] },
    {
      kind: 'list',
      isNumbered: false,
      items: [
        [
          { kind: 'code', text: 'a' },
          { kind: 'text', text: ' ' },
          { kind: 'strong', text: 'b' },
          { kind: 'text', text: ' more' },
        ],
        [{ kind: 'em', text: 'c' }],
      ],
    },
    { kind: 'list', isNumbered: true, items: [[{ kind: 'text', text: 'one' }]] },
  ]);
});

test('a fence that is not closed takes the rest', () => {
  expect(readAnswer('```py\nx = [1]\n\n- y', 1)).toEqual([{ kind: 'code', code: 'x = [1]\n\n- y' }]);
});
