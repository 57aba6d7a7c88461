export { type Choice, chooseEngine, sandboxLevelFromEnvironment } from './choose.ts';
export {
  CODE_BYTES_MAX,
  DEFAULT_LIMITS,
  type EngineName,
  type Limits,
  type Outcome,
  type Output,
  type Probe,
  type RunRequest,
  type RunResult,
  SANDBOX_LEVELS,
  type SandboxEngine,
  type SandboxLevel,
  STDIN_BYTES_MAX,
} from './engine.ts';
export { Sandbox } from './sandbox.ts';
