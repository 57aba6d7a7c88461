export { CODE_BYTES_MAX, DEFAULT_LIMITS, type Output, type RunResult, SANDBOX_LEVELS } from './engine.ts';
export { Sandbox } from './sandbox.ts';
