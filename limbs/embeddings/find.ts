import { type Environment, embeddingModelSettings } from '../models/settings.ts';
import { builtInEmbedder } from './built-in.ts';
import type { Embedder } from './embedder.ts';
import { endpointEmbedder } from './endpoint.ts';

/** The embedding model that the environment names, or else the one that comes with the package. */
export async function findEmbedder(env: Environment): Promise<Embedder> {
  const settings = embeddingModelSettings(env);
  return settings ? endpointEmbedder(settings.endpoint, settings.model) : builtInEmbedder();
}
