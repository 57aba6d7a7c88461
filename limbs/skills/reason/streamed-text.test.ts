import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText } from '../../text.ts';
import { StreamedText, withoutThoughts } from './streamed-text.ts';

function streamed(...pieces: readonly string[]): string[] {
  const told: string[] = [];
  const text = new StreamedText((piece) => told.push(piece));
  for (const piece of pieces) text.push(piece);
  text.end();
  return told;
}

test('pieces are handed on as they come', () => {
  expect(streamed('A lease ', 'is a ', 'claim.')).toEqual(['A lease ', 'is a ', 'claim.']);
});

test('thoughts are left out, also when their marks come in pieces', () => {
  expect(streamed('<thi', 'nk>hm', 'm</thi', 'nk>\n\nYes', ' <', '3')).toEqual(['Yes', ' ', '<3']);
});

test('what is handed on is the clean text, however it was cut, and each piece holds whole characters', () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 5 }),
    fc.constantFrom('<think>', '</think>', '<th', '\r\n', '\r', '\u001b[1m', '\u001b', '🙂', ' '),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat({ max: 60 }), { maxLength: 8 }), (parts, cuts) => {
      const text = parts.join('');
      const ends = [...new Set([...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b);
      const told = streamed(...ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)));
      expect(told.join('')).toBe(cleanText(withoutThoughts(text)).trimStart());
      expect(told.every((piece) => Buffer.from(piece).toString() === piece && piece !== '')).toBe(true);
    }),
  );
});
