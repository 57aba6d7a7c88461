import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffLines } from './diff.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 });

it('has both texts in it, whatever they are', () => {
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = diffLines(before.join('\n'), after.join('\n'));
      const side = (kind: 'added' | 'removed') => diff.filter((line) => line.kind !== kind).map(({ text }) => text);
      expect(side('added')).toEqual(before);
      expect(side('removed')).toEqual(after);
    }),
  );
});

it('says no more than what has changed', () => {
  const kinds = diffLines('a\nb\nc\nd', 'a\nc\nx\nd').map(({ kind, text }) => `${kind} ${text}`);
  expect(kinds).toEqual(['same a', 'removed b', 'same c', 'added x', 'same d']);
});
