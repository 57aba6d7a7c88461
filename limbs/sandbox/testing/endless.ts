// Runs a program without end in the engine that its argument names, and says when it has begun. In a container the program
// carries the second argument in its command line.
import { allEngines } from '../choose.ts';
import type { SandboxEngine } from '../engine.ts';

const engine = await findEngine(process.argv[2]);
const markItself = `
import os, sys
if len(sys.argv) == 1: os.execv(sys.executable, [sys.executable, '-u', __file__, '${process.argv[3]}'])
`;
await engine.run({
  code: `${engine.level.startsWith('container') ? markItself : ''}
print("begun")
while True: pass`,
  limits: { timeMs: 120_000 },
  onOutput: ({ text }) => process.stdout.write(text),
});

/** By the name that it has after it was probed. */
async function findEngine(wanted: string | undefined): Promise<SandboxEngine> {
  for (const engine of allEngines()) {
    await engine.probe();
    if (engine.name === wanted) return engine;
    await engine.close();
  }
  throw new Error(`There is no engine ${wanted}.`);
}
