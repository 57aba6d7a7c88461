export { bundle } from './bundle.ts';
export { describeModule, loadModule } from './load.ts';
export { readSchema } from './schema-text.ts';
