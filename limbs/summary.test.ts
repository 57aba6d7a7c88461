import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clipBytes, makeSummary, summaryBytesMax, summarySchema } from './summary.ts';

/** The hub's own measure, written down again. */
function hubBytes(body: unknown): number {
  return new TextEncoder().encode(JSON.stringify(body, (_key, part) => (typeof part === 'bigint' ? `${part}` : part)))
    .length;
}

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 3000 }),
  fc.string({ unit: 'binary', maxLength: 3000 }),
  fc.constantFrom(
    '',
    ' ',
    '\n'.repeat(5000),
    '"'.repeat(5000),
    '\u{1F600}'.repeat(3000),
    '\ud83d'.repeat(2000),
    'ä'.repeat(5000),
  ),
);
const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -1, 2 ** 40));

test('whatever a skill says, its summary is valid', () => {
  const parts = fc.record(
    {
      text: anyText,
      engine: anyText,
      note: anyText,
      citations: fc.array(fc.record({ document: anyText, section: anyText, quote: anyText }), { maxLength: 10 }),
      exitCode: fc.option(fc.integer(), { nil: undefined }),
      artefacts: fc.array(fc.constant('a'.repeat(64)), { maxLength: 12 }),
      tokensIn: anyNumber,
      tokensOut: anyNumber,
      costMicros: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      durationMs: anyNumber,
      timings: fc.array(fc.record({ name: anyText, durationMs: anyNumber }), { maxLength: 12 }),
    },
    { requiredKeys: ['text', 'engine'] },
  );
  fc.assert(
    fc.property(parts, (given) => {
      const body = makeSummary(given);
      expect(summarySchema.safeParse(body).error).toBeUndefined();
      expect(hubBytes(body)).toBeLessThanOrEqual(summaryBytesMax);
    }),
  );
});

test('what fits is left as it is', () => {
  const given = {
    text: 'A lease ends [1].\n\nThat is all.',
    citations: [{ document: 'a.md', section: 'Leases', quote: 'A lease ends.' }],
    engine: 'extractive',
    note: 'Quoted.',
    exitCode: undefined,
    artefacts: [],
    tokensIn: 1,
    tokensOut: 2,
    costMicros: 3n,
    durationMs: 4,
    timings: [{ name: 'recall', durationMs: 5 }],
  };
  expect(makeSummary(given)).toEqual(given);
});

test('a long text does not crowd out citations, and uses the space that they leave', () => {
  const citation = { document: 'a.md', section: 's', quote: 'q'.repeat(300) };
  const body = makeSummary({ text: 't'.repeat(9000), engine: 'e', citations: [citation, citation, citation] });
  expect(body.citations.length).toBe(3);
  expect(body.text.endsWith('…')).toBe(true);
  expect(summaryBytesMax - hubBytes(body)).toBeLessThan(4);
});

test('escape sequences and other control characters do not travel', () => {
  const body = makeSummary({ text: 'a\u001b[31mred\u001b[0m\u0007b\r\nc\u009b1m', engine: 'e' });
  expect(body.text).toBe('aredb\nc1m');
});

test('a cut never splits a character', () => {
  expect(clipBytes('\u{1F600}\u{1F600}\u{1F600}', 11)).toBe('\u{1F600}\u{1F600}…');
  expect(clipBytes('\u{1F600}\u{1F600}\u{1F600}', 8)).toBe('\u{1F600}…');
  expect(clipBytes('abc', 2)).toBe('');
});

test('a summary that was not cut to size is refused', () => {
  const body = { ...makeSummary({ text: '', engine: 'e' }), text: 'x'.repeat(5000) };
  expect(summarySchema.safeParse(body).success).toBe(false);
});
