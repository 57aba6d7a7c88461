export { bundle } from './bundle.ts';
export { describeModule, loadModule } from './load.ts';
