import { callLimits, type ProviderConfig } from '../config/config.ts';
import type { Environment } from '../config/key.ts';
import { type PresetName, presets } from '../config/presets.ts';
import { listModels, ollamaAddress } from '../find.ts';

/** A server that answers on this machine, and what it offers. */
export interface LocalServer {
  readonly preset: PresetName;
  readonly baseUrl: string;
  readonly models: readonly string[];
}

const localPresets = ['ollama', 'vllm', 'llamacpp', 'lmstudio'] as const;

/** It is on this machine: it answers at once or is not there. */
const answerMsMax = 1000;

/** The servers that listen where such servers usually do, and the Ollama that its variable names. */
export async function findLocalServers(env: Environment): Promise<LocalServer[]> {
  const found = await Promise.all(
    localPresets.map(async (preset): Promise<LocalServer[]> => {
      const baseUrl = preset === 'ollama' ? `${ollamaAddress(env['OLLAMA_HOST'])}/v1` : presets[preset].baseUrl;
      try {
        const models = await listModels(providerAt(preset, baseUrl, undefined), AbortSignal.timeout(answerMsMax));
        return models.length > 0 ? [{ preset, baseUrl, models }] : [];
      } catch {
        // Nothing listens there, or something else does, which is a usual case.
        return [];
      }
    }),
  );
  return found.flat();
}

/** A provider that is only tried, before anything is written. */
export function providerAt(name: string, baseUrl: string, key: string | undefined): ProviderConfig {
  return {
    name,
    baseUrl,
    key: { value: key },
    baseUrlSetting: 'the base address',
    keySetting: 'the key',
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
  };
}

/** One model at a provider as a configuration of its own. */
export function trial(provider: ProviderConfig, model: string) {
  const config = { name: model, model, provider, price: { inMicros: 0, outMicros: 0 }, setting: 'the model' };
  return {
    source: 'the trial',
    models: [config],
    routes: { reason: [config], fast: [], embed: [] },
    limits: callLimits,
  };
}
