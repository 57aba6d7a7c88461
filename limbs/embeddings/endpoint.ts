import { LimbError } from '../errors.ts';
import { explain, openEndpoint } from '../models/endpoint.ts';
import { type Endpoint, shownAddress } from '../models/settings.ts';
import { type Embedder, normalize } from './embedder.ts';

const batchTextsMax = 32;

/** pgvector indexes vectors up to this size. */
const dimensionsMax = 2000;

/**
 * A model behind an OpenAI-compatible server. It is asked once for the size of its vectors; throws `LimbError` when it
 * does not answer or its vectors are too large to index.
 */
export async function endpointEmbedder(endpoint: Endpoint, model: string): Promise<Embedder> {
  const client = openEndpoint(endpoint);
  const request = async (input: string[], signal: AbortSignal | undefined): Promise<Float32Array[]> => {
    try {
      const answer = await client.embeddings.create(
        { model, input, encoding_format: 'float' },
        { signal: signal ?? null },
      );
      const vectors = [...answer.data].sort((a, b) => a.index - b.index).map((item) => normalize(item.embedding));
      if (vectors.length !== input.length) throw new Error(`${vectors.length} vectors for ${input.length} texts`);
      return vectors;
    } catch (error) {
      signal?.throwIfAborted();
      throw explain(error, endpoint, model);
    }
  };
  const [probe] = await request(['size'], undefined);
  const dimensions = probe?.length ?? 0;
  if (dimensions < 1 || dimensions > dimensionsMax) {
    throw new LimbError(
      'embeddings-size',
      `${model} at ${shownAddress(endpoint)} makes vectors of ${dimensions} numbers; from 1 to ${dimensionsMax} can be indexed. Set ${endpoint.modelVariable} to another model.`,
    );
  }
  return {
    name: model,
    dimensions,
    async embed(texts, signal) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += batchTextsMax) {
        vectors.push(...(await request(texts.slice(start, start + batchTextsMax), signal)));
      }
      return vectors;
    },
    close: () => Promise.resolve(),
  };
}
