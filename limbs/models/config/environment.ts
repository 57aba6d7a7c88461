import { LimbError } from '../../errors.ts';
import { free, type ModelConfig, type Price, type ProviderConfig, withPath } from './config.ts';
import { type Environment, read } from './key.ts';

const openAiBaseUrl = 'https://api.openai.com/v1';

/** A model that the environment names; without a name it is the first chat model that its server lists. */
export type NamedModel = Omit<ModelConfig, 'name' | 'model'> & { readonly model: string | undefined };

export interface EnvironmentModels {
  readonly reason: NamedModel;
  /** Of the same server, for when a budget is short. */
  readonly cheaper: ModelConfig | undefined;
}

/**
 * The language models that the environment names, if it does; `own`: by the variables of Helix, else by the usual ones.
 *
 * `OPENAI_*` count only together with a model's name: a key that lies in the environment for another program must not
 * send documents anywhere. For the same reason a key goes only to the server that it was set for.
 */
export function environmentModels(env: Environment): (EnvironmentModels & { readonly isOwn: boolean }) | undefined {
  const own = read(env, 'HELIX_LLM_BASE_URL');
  const model = read(env, 'HELIX_LLM_MODEL') ?? read(env, 'OPENAI_MODEL');
  const ownKey = read(env, 'HELIX_LLM_API_KEY');
  const provider = own === undefined ? usualProvider(env, ownKey) : providerAt(own, ownKey, 'HELIX_LLM');
  if (!provider || (own === undefined && model === undefined)) return undefined;
  const cheaper = read(env, 'HELIX_LLM_CHEAP_MODEL');
  return {
    isOwn: own !== undefined || read(env, 'HELIX_LLM_MODEL') !== undefined,
    reason: {
      model: own === undefined ? model : read(env, 'HELIX_LLM_MODEL'),
      provider,
      price: priceOf(env, 'HELIX_LLM_PRICE'),
      setting: 'HELIX_LLM_MODEL',
    },
    cheaper: cheaper === undefined ? undefined : cheaperModel(env, cheaper, provider),
  };
}

/** The embedding model that the environment names, if it does. */
export function environmentEmbedder(env: Environment): ModelConfig | undefined {
  const model = read(env, 'HELIX_EMBEDDINGS_MODEL');
  if (!model) return undefined;
  const own = read(env, 'HELIX_EMBEDDINGS_BASE_URL');
  const ownKey = read(env, 'HELIX_EMBEDDINGS_API_KEY');
  const provider = own ? providerAt(own, ownKey, 'HELIX_EMBEDDINGS') : usualProvider(env, ownKey);
  return provider && { name: model, model, provider, price: free, setting: 'HELIX_EMBEDDINGS_MODEL' };
}

function cheaperModel(env: Environment, model: string, provider: ProviderConfig): ModelConfig {
  const setting = 'HELIX_LLM_CHEAP_MODEL';
  return { name: model, model, provider, price: priceOf(env, 'HELIX_LLM_CHEAP_PRICE'), setting };
}

/** Two numbers, such as `2.5/10`: what a million tokens cost, in and out. */
function priceOf(env: Environment, variable: string): Price {
  const text = read(env, variable);
  if (text === undefined) return free;
  const [, inMicros, outMicros] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (inMicros === undefined || outMicros === undefined) {
    throw new LimbError('invalid-price', `${variable} is not a price such as 2.5/10: per million tokens, in and out.`);
  }
  return { inMicros: Number(inMicros), outMicros: Number(outMicros) };
}

function usualProvider(env: Environment, ownKey: string | undefined): ProviderConfig | undefined {
  const key = ownKey ?? read(env, 'OPENAI_API_KEY');
  const baseUrl = read(env, 'OPENAI_BASE_URL');
  if (!baseUrl && !key) return undefined;
  return providerAt(baseUrl ?? openAiBaseUrl, key, 'OPENAI');
}

function providerAt(baseUrl: string, key: string | undefined, prefix: string): ProviderConfig {
  const baseUrlSetting = `${prefix}_BASE_URL`;
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new LimbError('invalid-base-url', `${baseUrlSetting} is not an address such as http://127.0.0.1:8080/v1.`);
  }
  return {
    name: new URL(baseUrl).host,
    baseUrl: withPath(baseUrl),
    key: { value: key },
    baseUrlSetting,
    keySetting: `${prefix}_API_KEY`,
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
  };
}
