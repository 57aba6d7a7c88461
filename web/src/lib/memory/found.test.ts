import { describe, expect, it } from 'vitest';
import { readFound } from './found.ts';

describe('what a recall has found', () => {
  it('is read with its score and the two ranks', () => {
    const part = { document: 'a.md', title: 'A', section: 'One', score: 0.9, alsoIn: [], content: 'text' };
    const text = JSON.stringify({ parts: [{ ...part, meaning: { rank: 1, score: 0.7 } }, {}] });
    expect(readFound(text)).toEqual([
      {
        document: 'a.md',
        section: 'One',
        content: 'text',
        score: 0.9,
        meaning: { rank: 1, score: 0.7 },
        words: undefined,
      },
      { document: '', section: '', content: '', score: 0, meaning: undefined, words: undefined },
    ]);
  });

  it('is undefined for a text for people', () => {
    expect([readFound('[1] A limb…'), readFound('{}'), readFound('null')]).toEqual([undefined, undefined, undefined]);
  });
});
