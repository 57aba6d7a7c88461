import type { EmbeddingRoute } from '../models/router.ts';
import { builtInEmbedder } from './built-in.ts';
import type { Embedder } from './embedder.ts';
import { endpointEmbedder } from './endpoint.ts';

/** The embedding model of the route, or else the one that comes with the package. Throws `LimbError` when it does not answer. */
export async function findEmbedder(route: EmbeddingRoute | undefined, signal?: AbortSignal): Promise<Embedder> {
  return route ? endpointEmbedder(route, signal) : builtInEmbedder();
}
