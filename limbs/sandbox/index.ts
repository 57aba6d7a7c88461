export type { Reply } from './calls/calls.ts';
export { codeBytesMax, defaultLimits, type Output, type RunResult, sandboxLevels, type Tools } from './engine.ts';
export { Sandbox } from './sandbox.ts';
