import { expect, test } from 'vitest';
import { fuse } from './fuse.ts';
import type { Candidate } from './search.ts';

function candidate(path: string, content: string, cosine?: number, words?: number, coverage = 1): Candidate {
  return {
    section: '',
    content,
    documents: [{ path, title: path }],
    ...(cosine === undefined ? {} : { cosine }),
    ...(words === undefined ? {} : { words: { score: words, coverage } }),
  };
}

const paths = (parts: readonly { readonly document: string }[]) => parts.map(({ document }) => document);

test('what is found by both halves comes before what one half alone puts first', () => {
  const parts = fuse(
    [
      candidate('meaning.md', 'about one thing', 0.9),
      candidate('both.md', 'about another thing', 0.8, 0.5),
      candidate('words.md', 'with the words', undefined, 0.6, 0.3),
    ],
    {},
  );
  expect(paths(parts)).toEqual(['both.md', 'meaning.md', 'words.md']);
  expect(parts[0]).toMatchObject({ meaning: { rank: 2, score: 0.8 }, words: { rank: 2, score: 0.5 } });
  expect(parts[1]).not.toHaveProperty('words');
});

test('a part that has little of the query gains little by its rank in words', () => {
  const of = (coverage: number) => fuse([candidate('a.md', 'a', 0.9), candidate('b.md', 'b', 0.8, 1, coverage)], {});
  expect(paths(of(0.02))).toEqual(['a.md', 'b.md']);
  expect(paths(of(0.5))).toEqual(['b.md', 'a.md']);
});

test('parts that are nearly the same become one, which names the documents of all', () => {
  const text =
    'To start the engine turn the key to the right, wait until the lamp goes out, and then press the green button.';
  const parts = fuse(
    [
      candidate('old.md', text, 0.9),
      candidate('new.md', text.replace('the green', 'the  GREEN'), 0.8),
      candidate('other.md', 'The brakes are checked once a year by a mechanic of the workshop.', 0.7),
    ],
    { limit: 2 },
  );
  expect(parts.map(({ document, alsoIn }) => [document, alsoIn])).toEqual([
    ['old.md', ['new.md']],
    ['other.md', []],
  ]);
});

test('parts that differ in a number are two', () => {
  const text = (bar: number) =>
    `The pressure of the tyres must be ${bar} bar at the front when the car is loaded with two persons and luggage.`;
  expect(fuse([candidate('a.md', text(2), 0.9), candidate('b.md', text(3), 0.8)], {})).toHaveLength(2);
});

test('the list ends at its limit, and before its tokens are too many', () => {
  const candidates = ['a', 'b', 'c'].map((name, i) => candidate(`${name}.md`, `${name} `.repeat(200), 0.9 - i / 10));
  expect(fuse(candidates, { limit: 2 })).toHaveLength(2);
  expect(fuse(candidates, { tokensMax: 250 })).toHaveLength(2);
  expect(fuse(candidates, { tokensMax: 10 })).toEqual([]);
});
