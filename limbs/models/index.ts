export { type ModelCheck, testEmbeddingModel, testLanguageModel } from './check/test-model.ts';
export { type ModelTiming, timeModel } from './check/time-model.ts';
export { type ModelConfig, type ModelsConfig, shownAddress } from './config/config.ts';
export { isPresetName, type PresetName, presets } from './config/presets.ts';
export { findModels, firstForChat, listModels } from './find.ts';
export type { LanguageModel, Message } from './language-model.ts';
export { Router } from './router.ts';
export { findLocalServers, type LocalServer, providerAt, trial } from './setup/find-local.ts';
export { addModel } from './setup/write.ts';
