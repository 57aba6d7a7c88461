export { type ModelCheck, testEmbeddingModel, testLanguageModel } from './check/test-model.ts';
export { type ModelTiming, timeModel } from './check/time-model.ts';
export { type ModelConfig, type ModelsConfig, shownAddress } from './config/config.ts';
export { findModels } from './find.ts';
export { Router } from './router.ts';
