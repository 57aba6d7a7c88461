export type { Reply } from './calls/calls.ts';
export { CODE_BYTES_MAX, DEFAULT_LIMITS, type Output, type RunResult, SANDBOX_LEVELS, type Tools } from './engine.ts';
export { Sandbox } from './sandbox.ts';
