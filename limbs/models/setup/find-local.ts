import { callLimits, type ProviderConfig } from '../config/config.ts';
import { type PresetName, presets } from '../config/presets.ts';
import { listModels } from '../find.ts';

/** A server that answers on this machine, and what it offers. */
export interface LocalServer {
  readonly preset: PresetName;
  readonly baseUrl: string;
  readonly models: readonly string[];
}

const localPresets = ['ollama', 'vllm', 'llamacpp', 'lmstudio'] as const;

/** It is on this machine: it answers at once or is not there. */
const answerMsMax = 1000;

/** The servers that listen where such servers usually do; `addresses` for others than the usual ones. */
export async function findLocalServers(
  addresses: readonly (readonly [PresetName, string])[] = localPresets.map((name) => [name, presets[name].baseUrl]),
): Promise<LocalServer[]> {
  const found = await Promise.all(
    addresses.map(async ([preset, baseUrl]): Promise<LocalServer[]> => {
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
