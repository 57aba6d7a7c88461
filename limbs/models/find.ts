import { z } from 'zod';
import { LimbError } from '../errors.ts';
import { chatModel } from './chat.ts';
import { explain, openEndpoint } from './endpoint.ts';
import type { LanguageModel } from './language-model.ts';
import { type Endpoint, type Environment, languageModelSettings, shownAddress } from './settings.ts';

const ollamaHost = '127.0.0.1:11434';

/** It is on this machine: it answers at once or is not there. */
const ollamaMsMax = 500;

const ollamaTags = z.object({ models: z.array(z.object({ name: z.string() })) });

/**
 * The language model to use: the one that the environment names, or else the first chat model of an Ollama, which is
 * looked for on this machine or at its own `OLLAMA_HOST`; none when there is neither.
 *
 * Throws `LimbError` when the environment names a server without a model and the server lists none.
 */
export async function findLanguageModel(env: Environment): Promise<LanguageModel | undefined> {
  const settings = languageModelSettings(env);
  if (settings) {
    const { endpoint, price, cheaper } = settings;
    const second = cheaper && chatModel(endpoint, cheaper.model, cheaper.price);
    return chatModel(endpoint, settings.model ?? (await firstListed(endpoint)), price, second);
  }
  const ollama = ollamaAddress(env['OLLAMA_HOST']);
  const model = await firstOfOllama(ollama);
  if (!model) return undefined;
  return chatModel(
    {
      baseUrl: `${ollama}/v1`,
      apiKey: undefined,
      baseUrlVariable: 'HELIX_LLM_BASE_URL',
      apiKeyVariable: 'HELIX_LLM_API_KEY',
      modelVariable: 'HELIX_LLM_MODEL',
    },
    model,
  );
}

async function firstListed(endpoint: Endpoint): Promise<string> {
  const names: string[] = [];
  try {
    for await (const model of openEndpoint(endpoint).models.list()) names.push(model.id);
  } catch (error) {
    throw explain(error, endpoint, undefined);
  }
  const model = firstForChat(names);
  if (model) return model;
  throw new LimbError(
    'model-not-named',
    `${shownAddress(endpoint)} lists no chat model. Set ${endpoint.modelVariable} to the name of one.`,
  );
}

/** The variable also tells Ollama where to listen: then it may name all addresses, or leave the scheme or port out. */
function ollamaAddress(host: string | undefined): string {
  const named = host?.trim() || ollamaHost;
  const address = /^https?:\/\//.test(named) ? named : `http://${named}`;
  if (!URL.canParse(address)) return `http://${ollamaHost}`;
  const url = new URL(address);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.port === '' && url.protocol === 'http:' && !/:80(\/|$)/.test(address)) url.port = '11434';
  return url.origin;
}

async function firstOfOllama(address: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${address}/api/tags`, { signal: AbortSignal.timeout(ollamaMsMax) });
    if (!response.ok) return undefined;
    const tags = ollamaTags.safeParse(await response.json());
    return tags.success ? firstForChat(tags.data.models.map((model) => model.name)) : undefined;
  } catch {
    // Nothing listens there, or something else does: there is no Ollama, which is a usual case.
    return undefined;
  }
}

/** Lists also hold models that only embed, rerank, hear or speak. */
function firstForChat(names: readonly string[]): string | undefined {
  return names.find((name) => !/embed|bge|minilm|rerank|whisper|tts|dall-e|moderation/i.test(name));
}
