import {
  type CallLimits,
  callLimits,
  free,
  type ModelConfig,
  type ModelsConfig,
  type Price,
  type ProviderConfig,
} from '../models/config/config.ts';
import type { LanguageModel } from '../models/language-model.ts';
import type { ModelSource } from '../models/live.ts';
import { Router } from '../models/router.ts';

export interface TestModel {
  readonly baseUrl: string;
  readonly model?: string;
  readonly price?: Price;
  readonly key?: ProviderConfig['key'];
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

export function modelConfig({
  baseUrl,
  model = 'test-model',
  price = free,
  key = { value: undefined },
  ...pace
}: TestModel): ModelConfig {
  const provider: ProviderConfig = {
    name: model,
    baseUrl,
    key,
    baseUrlSetting: 'HELIX_LLM_BASE_URL',
    keySetting: 'HELIX_LLM_API_KEY',
    requestsPerMinute: pace.requestsPerMinute,
    tokensPerMinute: pace.tokensPerMinute,
  };
  return { name: model, model, provider, price, setting: 'HELIX_LLM_MODEL' };
}

/** A configuration whose models answer in the given order. */
export function modelsConfig(models: readonly TestModel[], limits: Partial<CallLimits> = {}): ModelsConfig {
  const reason = models.map(modelConfig);
  const routes = { reason, fast: [], embed: [] };
  return { source: 'a test', models: reason, routes, limits: { ...callLimits, ...limits } };
}

/** Always this model, or none. */
export function always(model: LanguageModel | undefined): ModelSource {
  return { use: (work) => work({ model }) };
}

/** One model at an address. */
export function modelAt(baseUrl: string, more: Omit<TestModel, 'baseUrl'> = {}): LanguageModel {
  const config = modelsConfig([{ baseUrl, ...more }]);
  const [model] = config.models;
  if (!model) throw new Error('there is no model');
  return new Router(config).only(model);
}
