import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokens } from './python.ts';

test('keywords, calls, strings, numbers and comments are told apart', () => {
  const kinds = tokens('for i in range(3): # go\n  s = f"a{i}"').filter(({ kind }) => kind !== 'plain');
  expect(kinds).toEqual([
    { kind: 'keyword', text: 'for' },
    { kind: 'keyword', text: 'in' },
    { kind: 'name', text: 'range' },
    { kind: 'number', text: '3' },
    { kind: 'comment', text: '# go' },
    { kind: 'string', text: 'f"a{i}"' },
  ]);
});

test('the pieces together are exactly the code', () => {
  const code = fc.string({ unit: fc.constantFrom('"', "'", '#', '\n', '\\', 'f', '1', '.', ' ', '(', 'if', 'é') });
  fc.assert(
    fc.property(code, (text) => {
      expect(
        tokens(text)
          .map((token) => token.text)
          .join(''),
      ).toBe(text);
    }),
  );
});
