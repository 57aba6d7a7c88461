import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkCharsMax, chunkMarkdown } from './chunks.ts';

test('each section is a chunk with the headings above it', () => {
  const chunks = chunkMarkdown('# Guide\n\nIntro.\n\n## Setup\n\n### Linux\n\nUse apt.\n\n## Use\n\nRun it.\n');
  expect(chunks).toEqual([
    { section: 'Guide', content: 'Intro.' },
    { section: 'Guide › Setup › Linux', content: 'Use apt.' },
    { section: 'Guide › Use', content: 'Run it.' },
  ]);
});

test('headings may be underlined, and keep no markup', () => {
  const chunks = chunkMarkdown(
    'The *Guide*\n=====\n\nIntro.\n\n[Use](./use.md) _of_ `it_all`\n---\n\nText.\n\n---\n\nMore.',
  );
  expect(chunks.map((chunk) => chunk.section)).toEqual(['The Guide', 'The Guide › Use of it_all']);
  expect(chunks[1]?.content).toBe('Text.\n\n---\n\nMore.');
});

test('a line that looks like a heading inside of code is code', () => {
  const code = '```sh\n# not a heading\n\nls\n```';
  expect(chunkMarkdown(`# Guide\n\n${code}\n\nAfter.`)).toEqual([{ section: 'Guide', content: `${code}\n\nAfter.` }]);
});

test('front matter is left out', () => {
  expect(chunkMarkdown('---\ntitle: Guide\n---\n\nText.')).toEqual([{ section: '', content: 'Text.' }]);
});

test('text without headings and text without anything', () => {
  expect(chunkMarkdown('One.\n\nTwo.')).toEqual([{ section: '', content: 'One.\n\nTwo.' }]);
  expect(chunkMarkdown(' \n\n# Empty\n\n')).toEqual([]);
});

test('a long paragraph is cut after a sentence', () => {
  const sentence = 'A hub decides what may happen next. ';
  const chunks = chunkMarkdown(sentence.repeat(60));
  expect(chunks.length).toBeGreaterThan(1);
  for (const chunk of chunks) expect(chunk.content).toMatch(/^A hub decides.*next\.$/);
});

test('whatever the text, chunks are bounded and lose no word', () => {
  const line = fc.oneof(
    fc.lorem({ maxCount: 60, mode: 'words' }),
    fc.constantFrom('', '# Title', '## Sub', '```', '- item one', '| a | b |', 'x'.repeat(2500)),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const text = lines.join('\n');
      const chunks = chunkMarkdown(text);
      for (const chunk of chunks) {
        expect(chunk.content.length).toBeLessThanOrEqual(chunkCharsMax);
        expect(chunk.content.trim()).not.toBe('');
        expect(Buffer.from(chunk.content).toString()).toBe(chunk.content);
      }
      const kept = chunks.map((chunk) => `${chunk.section} ${chunk.content}`).join(' ');
      for (const word of new Set(text.match(/\b[a-wyz]{3,}\b/g) ?? [])) {
        // The words of a heading without text below it are not worth a chunk.
        if (!/^(title|sub|item)$/i.test(word) && chunks.length > 0 && !text.startsWith('---'))
          expect(kept).toContain(word);
      }
    }),
  );
});
