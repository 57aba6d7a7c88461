import { LimbError } from '../errors.ts';
import { shownAddress } from '../models/config/config.ts';
import type { EmbeddingRoute } from '../models/router.ts';
import { type Terms, unpaid } from '../spending.ts';
import { type Embedder, normalize } from './embedder.ts';

const batchTextsMax = 32;

/** pgvector indexes vectors up to this size. */
const dimensionsMax = 2000;

/**
 * A model behind OpenAI-compatible servers. It is asked once for the size of its vectors; throws `LimbError` when none
 * answers or the vectors are too large to index.
 */
export async function endpointEmbedder(route: EmbeddingRoute): Promise<Embedder> {
  const { model, provider, setting } = route.config;
  const closing = new AbortController();
  const request = async (texts: readonly string[], terms: Terms = {}): Promise<Float32Array[]> => {
    const { signal, spend = unpaid } = terms;
    const signals = signal ? [signal, closing.signal] : [closing.signal];
    return (await route.embed(texts, { signal: AbortSignal.any(signals), spend })).map(normalize);
  };
  const [probe] = await request(['size']);
  const dimensions = probe?.length ?? 0;
  if (dimensions < 1 || dimensions > dimensionsMax) {
    throw new LimbError(
      'embeddings-size',
      `${model} at ${shownAddress(provider)} makes vectors of ${dimensions} numbers; from 1 to ${dimensionsMax} can be indexed. Set ${setting} to another model.`,
    );
  }
  return {
    name: model,
    dimensions,
    async embed(texts, terms) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += batchTextsMax) {
        vectors.push(...(await request(texts.slice(start, start + batchTextsMax), terms)));
      }
      return vectors;
    },
    async close() {
      closing.abort(new LimbError('embeddings-closed', 'The embedding model was closed.'));
    },
  };
}
