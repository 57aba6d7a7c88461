import { expect, it } from 'vitest';
import { lineDiff } from './line-diff.ts';

it('tells the lines that two texts have in common from those that one of them has', () => {
  expect(lineDiff('a\nb\nc', 'a\nx\nc\nd')).toEqual([' a', '-b', '+x', ' c', '+d']);
  expect(lineDiff('same', 'same')).toEqual([' same']);
});
