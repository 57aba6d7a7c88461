import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsOf, fill, shortDuration, wrap } from './cells.ts';

test('a text has exactly the cells that it is given, whatever it says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 60 }), (text, cells) => {
      expect(cellsOf(fill(text, cells))).toBe(cells);
    }),
  );
  expect([fill('limb', 6), fill('limbs', 4), fill('日本語', 4)]).toEqual(['limb  ', 'lim…', '日… ']);
});

test('no wrapped line is longer than asked, and nothing but spaces at breaks is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (text, cells) => {
      const lines = wrap(text, cells);
      for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(cells);
      expect(lines.join('').replaceAll(/[ \n]/g, '')).toBe(text.replaceAll(/[ \n]/g, ''));
    }),
  );
  expect(wrap('the hub decides\nlimbs act', 10)).toEqual(['the hub', 'decides', 'limbs act']);
});

test('a duration is short', () => {
  expect([40, 1200, 185_000, 7_500_000, 273_600_000].map(shortDuration)).toEqual([
    '40ms',
    '1.2s',
    '3m05s',
    '2h05m',
    '3d4h',
  ]);
});
