import { LimbError } from '../errors.ts';
import { BubblewrapEngine } from './bubblewrap/engine.ts';
import { ContainerEngine } from './container/engine.ts';
import { type SandboxEngine, type SandboxLevel, sandboxLevels } from './engine.ts';
import { PyodideEngine } from './pyodide/engine.ts';

export interface Choice {
  readonly engine: SandboxEngine;
  /** How the engine holds code in here, in words for the operator. */
  readonly detail: string;
  /** Why each stronger engine was not taken. */
  readonly passedOver: readonly string[];
}

/** Every engine there is, strongest first. */
export function allEngines(): SandboxEngine[] {
  return [new ContainerEngine(), new BubblewrapEngine(), new PyodideEngine()];
}

/**
 * The strongest engine that passes its own self-test. Throws `LimbError` with a reason for each engine when none does, or
 * none of at least the level `atLeast`: code never runs outside of a sandbox.
 */
export async function chooseEngine(
  atLeast: SandboxLevel = sandboxLevelFromEnvironment(),
  engines: readonly SandboxEngine[] = allEngines(),
): Promise<Choice> {
  const passedOver: string[] = [];
  for (const engine of engines) {
    const probe = isWeaker(engine.level, atLeast) ? undefined : await engine.probe();
    if (isWeaker(engine.level, atLeast)) {
      passedOver.push(
        `${engine.name}: its level is ${engine.level}, and HELIX_SANDBOX_MIN asks for ${atLeast} or better.`,
      );
      await engine.close();
    } else if (probe?.present) return { engine, detail: probe.detail, passedOver };
    else if (probe) passedOver.push(`${engine.name}: ${probe.reason.replace(/\.$/, '')}. ${probe.install}`);
  }
  const weaker = engines.some((engine) => isWeaker(engine.level, atLeast));
  const reasons = passedOver.map((reason) => `\n  ${reason}`).join('');
  throw new LimbError(
    weaker ? 'sandbox-too-weak' : 'sandbox-absent',
    `No sandbox for Python can be had here:${reasons}`,
  );
}

/** The weakest level that the operator allows: `HELIX_SANDBOX_MIN`, or any. Throws `LimbError` for an unknown level. */
export function sandboxLevelFromEnvironment(environment: NodeJS.ProcessEnv = process.env): SandboxLevel {
  const text = environment['HELIX_SANDBOX_MIN'];
  if (text === undefined || text === '') return 'wasm';
  const level = sandboxLevels.find((known) => known === text);
  if (level) return level;
  const expected = sandboxLevels.join(', ');
  throw new LimbError('invalid-request', `HELIX_SANDBOX_MIN is ${JSON.stringify(text)}: set it to one of ${expected}.`);
}

function isWeaker(level: SandboxLevel, than: SandboxLevel): boolean {
  return sandboxLevels.indexOf(level) > sandboxLevels.indexOf(than);
}
