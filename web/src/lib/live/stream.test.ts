import fc from 'fast-check';
import { Timestamp } from 'spacetimedb';
import { expect, test } from 'vitest';
import type { StreamPiece } from '../../../../bindings/types.ts';
import { assemble } from './stream.ts';

function piece(text: string, changes: Partial<StreamPiece> = {}): StreamPiece {
  const place = { taskId: 1n, tenantId: 1n, attempt: 1, part: 0, start: 0 };
  return { ...place, kind: { tag: 'Text' }, text, at: new Timestamp(0n), ...changes };
}

const texts = (pieces: readonly StreamPiece[]) => assemble(pieces).map(({ text }) => text);

test('pieces make the text again, however they were cut, kept a second time in larger ones, and in whatever order', () => {
  const cuts = (length: number) => fc.uniqueArray(fc.nat({ max: length }), { maxLength: 6 });
  const world = fc.array(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 }).chain((parts) =>
    fc.record({
      parts: fc.constant(parts),
      cuts: fc.tuple(...parts.map(({ length }) => fc.tuple(cuts(length), cuts(length)))),
      seed: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
    }),
  );
  fc.assert(
    fc.property(world, ({ parts, cuts, seed }) => {
      const pieces = parts.flatMap((text, part) =>
        (cuts[part] ?? []).flatMap((places) => {
          const ends = [...new Set([...places, text.length])].filter((end) => end > 0).sort((a, b) => a - b);
          return ends.map((end, i) => {
            const start = ends[i - 1] ?? 0;
            return piece(text.slice(start, end), { part, start });
          });
        }),
      );
      const shuffled = pieces
        .map((one, i) => ({ one, at: seed[i % seed.length] ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one);
      expect(texts(shuffled)).toEqual(parts);
    }),
  );
});

test('what is missing is marked until it comes', () => {
  const late = piece('the end', { start: 9 });
  expect(texts([late])).toEqual(['…the end']);
  expect(texts([piece('so far', {}), late])).toEqual(['so far…the end']);
  expect(texts([piece('so far so'), late])).toEqual(['so far sothe end']);
});

test('another attempt is another stream, and parts are in order', () => {
  const parts = assemble([
    piece('again', { attempt: 2 }),
    piece('second', { part: 1, kind: { tag: 'Line' } }),
    piece('first'),
  ]);
  expect(parts.map(({ key, kind, text }) => [key, kind, text])).toEqual([
    ['1/0', 'Text', 'first'],
    ['1/1', 'Line', 'second'],
    ['2/0', 'Text', 'again'],
  ]);
});
