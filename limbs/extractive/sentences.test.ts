import { expect, test } from 'vitest';
import { sentencesOf } from './sentences.ts';

function texts(markdown: string): string[] {
  return sentencesOf(markdown).map((sentence) => sentence.text);
}

test('prose is cut into sentences without markup', () => {
  expect(
    texts('A **limb** is an [edge worker](x.md).\nIt does all the _I/O_, see `run_python`.\n\n> The hub decides.'),
  ).toEqual(['A limb is an edge worker.', 'It does all the I/O, see `run_python`.', 'The hub decides.']);
});

test('each list item stands for itself', () => {
  expect(
    texts('- The first item is short.\n- [x] The second one goes on\n  on another line.\n1. A third is counted.'),
  ).toEqual(['The first item is short.', 'The second one goes on on another line.', 'A third is counted.']);
});

test('code, headings, wide tables and rules are left out', () => {
  const markdown = [
    '# A heading of some words',
    '```js\nconst limb = makeLimb("with", "many words in code");\n```',
    '| a column | another column | a third column |\n| --- | --- | --- |\n| with some words | and more of them | and more |',
    '---',
    '    indented code of many words here',
    'Only this sentence remains.',
  ];
  expect(texts(markdown.join('\n\n'))).toEqual(['Only this sentence remains.']);
});

test('a table that says what things are gives a sentence a row', () => {
  expect(texts('| noun | meaning |\n| --- | --- |\n| lease | a claim with a number and a time |')).toEqual([
    'lease: a claim with a number and a time',
  ]);
});

test('an abbreviation or a version does not end a sentence', () => {
  expect(texts('Use a small model, e.g. one of Dr. Smith, vs. a large one. It needs Node 20.19 or newer.')).toEqual([
    'Use a small model, e.g. one of Dr. Smith, vs. a large one.',
    'It needs Node 20.19 or newer.',
  ]);
});

test('a sentence may begin with a name in backticks', () => {
  expect(texts('Same seed gives the same run. `hub/` is deterministic by construction.')).toEqual([
    'Same seed gives the same run.',
    '`hub/` is deterministic by construction.',
  ]);
});

test('questions, introductions and fragments answer nothing', () => {
  expect(
    texts('What is a limb, you ask?\n\nThese are the steps to follow:\n\nhttps://example.org/a/b/c\n\nOK.'),
  ).toEqual([]);
});
