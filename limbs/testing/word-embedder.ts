import { type Embedder, normalize } from '../embeddings/embedder.ts';

/** A fake embedder for tests: a text's vector counts its words, so texts are as close as the words that they share. */
export function wordEmbedder(name = 'words', dimensions = 64): Embedder & { readonly embeddedTexts: string[] } {
  const embeddedTexts: string[] = [];
  return {
    name,
    dimensions,
    embeddedTexts,
    embed(texts, { signal } = {}) {
      signal?.throwIfAborted();
      embeddedTexts.push(...texts);
      return Promise.resolve(
        texts.map((text) => {
          const counts = new Array<number>(dimensions).fill(0.001);
          for (const [word] of text.toLowerCase().matchAll(/[a-z]{3,}/g)) {
            const slot = [...word].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % dimensions, 7);
            counts[slot] = (counts[slot] ?? 0) + 1;
          }
          return normalize(counts);
        }),
      );
    },
    close: () => Promise.resolve(),
  };
}
