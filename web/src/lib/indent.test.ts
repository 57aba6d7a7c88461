import { expect, test } from 'vitest';
import { breakLine, indent } from './indent.ts';

test('Tab fills up to the next step', () => {
  expect(indent({ text: 'ab', start: 1, end: 1 }, false)).toEqual({ text: 'a   b', start: 4, end: 4 });
});

test('Tab moves all selected lines, but not empty ones', () => {
  expect(indent({ text: 'a\n\nb', start: 0, end: 4 }, false)).toEqual({ text: '    a\n\n    b', start: 4, end: 12 });
});

test('Shift+Tab takes one step back and never more than there is', () => {
  expect(indent({ text: '      a\n  b', start: 8, end: 11 }, true)).toEqual({ text: '      a\nb', start: 8, end: 9 });
  expect(indent({ text: '    a', start: 0, end: 0 }, true)).toEqual({ text: 'a', start: 0, end: 0 });
});

test('a new line keeps the margin and goes deeper after a colon', () => {
  expect(breakLine({ text: '  if x:', start: 7, end: 7 })).toEqual({ text: '  if x:\n      ', start: 14, end: 14 });
  expect(breakLine({ text: '  x = 1', start: 7, end: 7 })).toEqual({ text: '  x = 1\n  ', start: 10, end: 10 });
});
