// Runs a program without end in the engine that its argument names, and says when it has begun.
import { allEngines } from '../choose.ts';

const engine = allEngines().find(({ name }) => name === process.argv[2]);
if (!engine) throw new Error(`There is no engine ${process.argv[2]}.`);
await engine.probe();
await engine.run({
  code: 'print("begun")\nwhile True: pass',
  limits: { timeMs: 120_000 },
  onOutput: ({ text }) => process.stdout.write(text),
});
