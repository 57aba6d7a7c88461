import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readRetrievalSet } from '../bench/lib/retrieval-set.ts';
import { chunkMarkdown } from '../limbs/memory/chunks.ts';

const { texts, questions } = readRetrievalSet(fileURLToPath(new URL('../bench/retrieval', import.meta.url)));

test('the evaluation set is large enough, and each question is answered by few of its parts', () => {
  const parts = texts.flatMap(({ path, markdown }) => chunkMarkdown(markdown).map((part) => ({ path, ...part })));
  expect(parts.length).toBeGreaterThanOrEqual(300);
  expect(questions.length).toBeGreaterThanOrEqual(200);
  expect(new Set(questions.map((question) => question.text)).size).toBe(questions.length);
  for (const question of questions) {
    const answers = parts.filter((part) => question.isAnsweredBy(part.path, part.section));
    expect([question.text, answers.length > 0 && answers.length <= 20]).toEqual([question.text, true]);
  }
});

test('no question of the evaluation set has the name of the entry that answers it', () => {
  const named = questions.filter(({ text, document }) => {
    const name = document.replace(/^jargon\/|\.md$/g, '');
    return document.startsWith('jargon/') && new RegExp(`\\b${name.replace(/\W/g, '.')}\\b`, 'i').test(text);
  });
  expect(named.map(({ text }) => text)).toEqual([]);
});
