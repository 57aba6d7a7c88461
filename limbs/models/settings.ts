import { LimbError } from '../errors.ts';
import { free, type Price } from './language-model.ts';

/** How to reach one OpenAI-compatible server. */
export interface Endpoint {
  /** Ends in the path of the API, such as `/v1`. */
  readonly baseUrl: string;
  /** Never logged and never part of a message. */
  readonly apiKey: string | undefined;
  /** The variable that a person would change to reach another server, for messages. */
  readonly baseUrlVariable: string;
  readonly apiKeyVariable: string;
  readonly modelVariable: string;
}

export interface ModelSettings {
  readonly endpoint: Endpoint;
  /** None: the first chat model that the server lists. */
  readonly model: string | undefined;
}

export interface LanguageModelSettings extends ModelSettings {
  readonly price: Price;
  /** Of the same server. */
  readonly cheaper: { readonly model: string; readonly price: Price } | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const openAiBaseUrl = 'https://api.openai.com/v1';

/**
 * The language model that the environment names, if it does.
 *
 * `OPENAI_*` count only together with a model's name: a key that lies in the environment for another program must not
 * send documents anywhere. For the same reason a key goes only to the server that it was set for.
 */
export function languageModelSettings(env: Environment): LanguageModelSettings | undefined {
  const settings = namedModel(env);
  if (!settings) return undefined;
  const cheaper = read(env, 'HELIX_LLM_CHEAP_MODEL');
  return {
    ...settings,
    price: priceOf(env, 'HELIX_LLM_PRICE'),
    cheaper: cheaper === undefined ? undefined : { model: cheaper, price: priceOf(env, 'HELIX_LLM_CHEAP_PRICE') },
  };
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

function namedModel(env: Environment): ModelSettings | undefined {
  const own = read(env, 'HELIX_LLM_BASE_URL');
  if (own) {
    const endpoint = endpointOf(own, read(env, 'HELIX_LLM_API_KEY'), 'HELIX_LLM', 'HELIX_LLM_MODEL');
    return { endpoint, model: read(env, 'HELIX_LLM_MODEL') };
  }
  const model = read(env, 'HELIX_LLM_MODEL') ?? read(env, 'OPENAI_MODEL');
  const endpoint = usualEndpoint(env, read(env, 'HELIX_LLM_API_KEY'), 'HELIX_LLM_MODEL');
  return model && endpoint ? { endpoint, model } : undefined;
}

/** The embedding model that the environment names, if it does. */
export function embeddingModelSettings(env: Environment): (ModelSettings & { model: string }) | undefined {
  const model = read(env, 'HELIX_EMBEDDINGS_MODEL');
  if (!model) return undefined;
  const own = read(env, 'HELIX_EMBEDDINGS_BASE_URL');
  const ownKey = read(env, 'HELIX_EMBEDDINGS_API_KEY');
  const endpoint = own
    ? endpointOf(own, ownKey, 'HELIX_EMBEDDINGS', 'HELIX_EMBEDDINGS_MODEL')
    : usualEndpoint(env, ownKey, 'HELIX_EMBEDDINGS_MODEL');
  return endpoint && { endpoint, model };
}

/** The address without a name and password that may be part of it. */
export function shownAddress(endpoint: Endpoint): string {
  const url = new URL(endpoint.baseUrl);
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/$/, '');
}

function usualEndpoint(env: Environment, ownKey: string | undefined, modelVariable: string): Endpoint | undefined {
  const apiKey = ownKey ?? read(env, 'OPENAI_API_KEY');
  const baseUrl = read(env, 'OPENAI_BASE_URL');
  if (!baseUrl && !apiKey) return undefined;
  return endpointOf(baseUrl ?? openAiBaseUrl, apiKey, 'OPENAI', modelVariable);
}

function endpointOf(baseUrl: string, apiKey: string | undefined, prefix: string, modelVariable: string): Endpoint {
  return {
    baseUrl: withPath(baseUrl, `${prefix}_BASE_URL`),
    apiKey,
    baseUrlVariable: `${prefix}_BASE_URL`,
    apiKeyVariable: `${prefix}_API_KEY`,
    modelVariable,
  };
}

/** People give `http://localhost:8080` and mean `http://localhost:8080/v1`. */
function withPath(baseUrl: string, variable: string): string {
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new LimbError('invalid-base-url', `${variable} is not an address such as http://127.0.0.1:8080/v1.`);
  }
  const url = new URL(baseUrl);
  return url.pathname === '/' ? new URL('/v1', url).href : baseUrl.replace(/\/+$/, '');
}

function read(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}
