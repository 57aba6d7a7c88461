import { z } from 'zod';
import { LimbError } from '../errors.ts';
import { openClient } from './call/client.ts';
import { explain, outage } from './call/failure.ts';
import {
  callLimits,
  free,
  type ModelConfig,
  type ModelsConfig,
  type ProviderConfig,
  shownAddress,
} from './config/config.ts';
import { type EnvironmentModels, environmentEmbedder, environmentModels } from './config/environment.ts';
import { readModelsFile } from './config/file.ts';
import type { Environment } from './config/key.ts';
import { presets } from './config/presets.ts';

const ollamaHost = '127.0.0.1:11434';

/** It is on this machine: it answers at once or is not there. */
const ollamaMsMax = 500;

/** It need only list what it has. */
const listMsMax = 10_000;

const ollamaTags = z.object({ models: z.array(z.object({ name: z.string() })) });

type Talk = Pick<ModelsConfig, 'source' | 'models' | 'routes'>;

/**
 * The models to use. For answers: those that Helix's own variables name, or else the routes of limb.toml, or else the
 * model of the usual variables, or else the first chat model of an Ollama, which is looked for on this machine or at its own
 * `OLLAMA_HOST`. For vectors: the model that the variables name, or else the route of limb.toml.
 *
 * Throws `LimbError` when limb.toml is not as it should be, and when the environment names a server without a model and the
 * server lists none. With `onAway`, one that cannot be asked at present is told there, and there is no model for answers.
 */
export async function findModels(
  env: Environment,
  file: string,
  onAway?: (error: LimbError) => void,
): Promise<ModelsConfig> {
  const inFile = await readModelsFile(file, env);
  const talk = await findTalk(env, inFile).catch((error: unknown) => {
    if (!onAway || !(error instanceof LimbError && error.isRetryable)) throw error;
    onAway(error);
    return talkOf('nothing', [], []);
  });
  const embedder = environmentEmbedder(env);
  return {
    source: talk.source,
    routes: { ...talk.routes, embed: embedder ? [embedder] : (inFile?.routes.embed ?? []) },
    models: [...new Set([...talk.models, ...(inFile?.models ?? []), ...(embedder ? [embedder] : [])])],
    limits: inFile?.limits ?? callLimits,
  };
}

async function findTalk(env: Environment, inFile: ModelsConfig | undefined): Promise<Talk> {
  const named = environmentModels(env);
  if (named?.isOwn) return fromEnvironment(named);
  if (inFile && inFile.routes.reason.length + inFile.routes.fast.length > 0) return inFile;
  if (named) return fromEnvironment(named);
  const ollama = ollamaAddress(env['OLLAMA_HOST']);
  const model = await firstOfOllama(ollama);
  if (!model) return talkOf('nothing', [], []);
  const provider: ProviderConfig = {
    name: presets.ollama.title,
    baseUrl: `${ollama}/v1`,
    key: { value: undefined },
    baseUrlSetting: 'HELIX_LLM_BASE_URL',
    keySetting: 'HELIX_LLM_API_KEY',
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
  };
  return talkOf(
    `an Ollama at ${ollama}`,
    [{ name: model, model, provider, price: free, setting: 'HELIX_LLM_MODEL' }],
    [],
  );
}

async function fromEnvironment({ reason, cheaper }: EnvironmentModels): Promise<Talk> {
  const model = reason.model ?? (await firstListed(reason.provider, reason.setting));
  return talkOf('the environment', [{ ...reason, name: model, model }], cheaper ? [cheaper] : []);
}

function talkOf(source: string, reason: ModelConfig[], fast: ModelConfig[]): Talk {
  return { source, models: [...reason, ...fast], routes: { reason, fast, embed: [] } };
}

async function firstListed(provider: ProviderConfig, setting: string): Promise<string> {
  const silence = AbortSignal.timeout(listMsMax);
  const names = await listModels(provider, silence).catch((error: unknown) => {
    if (!silence.aborted) throw error;
    throw outage(
      'model-timeout',
      `${shownAddress(provider)} did not say which models it has. Is the server overloaded?`,
    );
  });
  const model = firstForChat(names);
  if (model) return model;
  throw new LimbError(
    'model-not-named',
    `${shownAddress(provider)} lists no chat model. Set ${setting} to the name of one.`,
  );
}

/** The models that a server says it has. Throws `LimbError`. */
export async function listModels(provider: ProviderConfig, signal?: AbortSignal): Promise<string[]> {
  const client = openClient(provider, callLimits);
  const names: string[] = [];
  try {
    for await (const model of client.api.models.list({ signal: signal ?? null })) names.push(model.id);
    return names;
  } catch (error) {
    signal?.throwIfAborted();
    throw explain(error, { name: '', model: '', provider, price: free, setting: provider.baseUrlSetting });
  } finally {
    await client.close();
  }
}

/** Where an Ollama answers. Its variable also tells it where to listen: then it may name all addresses, or leave the scheme or port out. */
export function ollamaAddress(host: string | undefined): string {
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
export function firstForChat(names: readonly string[]): string | undefined {
  return names.find((name) => !/embed|bge|minilm|rerank|whisper|tts|dall-e|moderation/i.test(name));
}
