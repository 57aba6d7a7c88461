// Runs a program without end in the engine that its argument names, and says when it has begun. In a container the program
// carries the second argument in its command line.
import { allEngines } from '../choose.ts';

const engine = allEngines().find(({ name }) => name === process.argv[2]);
if (!engine) throw new Error(`There is no engine ${process.argv[2]}.`);
const markItself = `
import os, sys
if len(sys.argv) == 1: os.execv(sys.executable, [sys.executable, '-u', __file__, '${process.argv[3]}'])
`;
await engine.probe();
await engine.run({
  code: `${engine.name === 'docker' ? markItself : ''}
print("begun")
while True: pass`,
  limits: { timeMs: 120_000 },
  onOutput: ({ text }) => process.stdout.write(text),
});
