import { afterAll, describe } from 'vitest';
import { allEngines } from '../choose.ts';
import type { SandboxEngine } from '../engine.ts';

/** Runs a suite against every engine of this machine; an engine that is absent is skipped with its reason in the title. */
export async function describeEachEngine(title: string, suite: (engine: SandboxEngine) => void): Promise<void> {
  for (const engine of allEngines()) {
    const probe = await engine.probe();
    if (!probe.present) {
      describe.skip(`${title} [${engine.name}] SKIPPED, the engine is absent: ${probe.reason}`, () => suite(engine));
      continue;
    }
    describe(`${title} [${engine.name}, ${engine.level}]`, () => {
      afterAll(() => engine.close());
      suite(engine);
    });
  }
}

/** What runs in a container is no child of the limb, and outlives it until a limb starts again. */
export function isContainer({ level }: SandboxEngine): boolean {
  return level.startsWith('container');
}
