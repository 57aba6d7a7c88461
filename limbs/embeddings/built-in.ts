import { startThread } from '../threads/start.ts';
import { type Embedder, normalize } from './embedder.ts';
import type { EmbeddingsThread } from './thread.ts';

/** Bounds how long a question waits behind a batch of documents. */
const batchTextsMax = 16;

/** The model's time grows with the text; what comes later says little about a text's meaning as a whole. */
const textCharsMax = 2000;

/** The offline English model that comes with the package, in a thread of its own. */
export function builtInEmbedder(): Embedder {
  const thread = startThread<EmbeddingsThread>('limb-embeddings');
  return {
    name: 'use-lite-en',
    dimensions: 512,
    async embed(texts, { signal } = {}) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += batchTextsMax) {
        signal?.throwIfAborted();
        const batch = texts.slice(start, start + batchTextsMax).map((text) => text.slice(0, textCharsMax));
        vectors.push(...(await thread.api.embed(batch)).map(normalize));
      }
      return vectors;
    },
    close: () => thread.stop(),
  };
}
