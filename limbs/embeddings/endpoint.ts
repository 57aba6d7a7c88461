import { LimbError, messageOf } from '../errors.ts';
import { shownAddress } from '../models/config/config.ts';
import type { EmbeddingRoute } from '../models/router.ts';
import { type Terms, unpaid } from '../spending.ts';
import { type Embedder, normalize } from './embedder.ts';

const batchTextsMax = 32;

/** pgvector indexes vectors up to this size. */
const dimensionsMax = 2000;

/** Models with larger vectors are trained so that a shorter one, of their own making, says nearly as much. */
const dimensionsShortened = 1536;

/**
 * A model behind OpenAI-compatible servers. It is asked for the size of its vectors, and for shorter ones where they are too
 * large to index, unless `opening` is aborted; throws `LimbError` when none answers or the vectors stay too large.
 */
export async function endpointEmbedder(route: EmbeddingRoute, opening?: AbortSignal): Promise<Embedder> {
  const { model, provider, setting } = route.config;
  const closing = new AbortController();
  let shortened: number | undefined;
  const request = async (texts: readonly string[], terms: Terms = {}): Promise<Float32Array[]> => {
    const { signal, spend = unpaid } = terms;
    const signals = signal ? [signal, closing.signal] : [closing.signal];
    const asked = { signal: AbortSignal.any(signals), spend, dimensions: shortened };
    return (await route.embed(texts, asked)).map(normalize);
  };
  const probe = async () => (await request(['size'], opening ? { signal: opening } : {}))[0]?.length ?? 0;
  const unfit = (size: number, cause?: unknown) =>
    new LimbError(
      'embeddings-size',
      `${model} at ${shownAddress(provider)} makes vectors of ${size} numbers; from 1 to ${dimensionsMax} can be indexed${
        cause === undefined ? '' : `, and shorter ones it did not make: ${messageOf(cause)}`
      }. Set ${setting} to another model.`,
      { cause },
    );
  let dimensions = await probe();
  if (dimensions > dimensionsMax) {
    shortened = dimensionsShortened;
    dimensions = await probe().catch((cause: unknown) => {
      throw unfit(dimensions, cause);
    });
  }
  if (dimensions < 1 || dimensions > dimensionsMax) throw unfit(dimensions);
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
