import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTestHub } from '../../engine/testing/index.ts';
import type { Bar, Bench, Cell } from '../lib/cell.ts';
import { median } from '../lib/stats.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'cli/bin.js');
const hubModule = join(root, 'hub/index.ts');
const roundsMin = 7;

/** How long somebody waits for the command, for a hub that is ready, and for a module under test. */
export const startup: Cell = {
  name: 'startup',
  title: 'From the command to a hub that is ready, on an empty folder',
  async run(bench) {
    const rounds = Math.max(bench.settings.rounds, roundsMin);
    const figures = {
      node: [] as number[],
      help: [] as number[],
      ready: [] as number[],
      again: [] as number[],
      kit: [] as number[],
    };
    const firstKitMs = await timed(() => createTestHub(hubModule));
    for (let round = 0; round < rounds; round++) {
      const data = join(bench.folder, `round-${round}`);
      figures.node.push(await timed(() => ended(['-e', '0'])));
      figures.help.push(await timed(() => ended([bin, '--help'])));
      figures.ready.push(await untilReady(bench, data));
      figures.again.push(await untilReady(bench, data));
      figures.kit.push(await timed(() => createTestHub(hubModule)));
      bench.say(`round ${round + 1}: ready after ${Math.round(figures.ready.at(-1) ?? 0)} ms`);
    }
    const row = (what: string, values: readonly number[]) => [what, ms(median(values)), ms(Math.min(...values))];
    return {
      tables: [
        {
          columns: ['', 'median, ms', 'least, ms'],
          rows: [
            row('node itself, which does nothing', figures.node),
            row('helix --help', figures.help),
            row('helix hub start on an empty folder, until it is ready', figures.ready),
            row('helix hub start again, with the same module', figures.again),
            row('a further test hub of the same module in process', figures.kit),
            row('the first test hub, with bundling and compiling', [firstKitMs]),
          ],
        },
      ],
      bars: [
        within('helix --help', figures.help, 150),
        within('A hub on an empty folder', figures.ready, 1500),
        within('A further test hub', figures.kit, 50),
      ],
      rounds: `rounds ${rounds}`,
      notes: [`The module is the product's own hub. ${rounds} rounds, each command in a process of its own.`],
    };
  },
};

function within(what: string, values: readonly number[], mostMs: number): Bar {
  const value = median(values);
  return { goal: `${what}: at most ${mostMs} ms`, measured: `${ms(value)} ms`, isMet: value <= mostMs };
}

function ms(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

async function ended(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}: run \`npm run prepare\` first`);
}

async function untilReady({ nodeOptions }: Bench, data: string): Promise<number> {
  const args = ['hub', 'start', '--module', hubModule, '--name', 'helix', '--data', data, '--listen', '127.0.0.1:0'];
  const startMs = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('is listening on')) return performance.now() - startMs;
    }
    throw new Error('the hub ended before it was ready: run `npm run prepare` first');
  } finally {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill();
    await exited;
  }
}
