import { setTimeout as sleep } from 'node:timers/promises';
import { allEngines } from '../../limbs/sandbox/choose.ts';
import type { SandboxEngine } from '../../limbs/sandbox/engine.ts';
import type { Bar, Cell } from '../lib/cell.ts';
import { percentile } from '../lib/stats.ts';

const runsARound = 6;
/** Until the next container or child is ready, which the engine prepares after each run. */
const pauseMs = 3000;

/** From the call to the first output; what is measured is the median. */
const mostMs = { container: 60, 'container-process-limits': 60, jail: 40, wasm: 30 } as const;
const prepared = {
  container: 'a container that waits, started',
  'container-process-limits': 'a container that waits, started',
  jail: 'a jail that waits, its walls made',
  wasm: 'a child that waits, with Python loaded',
} as const;

/** How long somebody waits for Python, in each engine of this machine. */
export const sandbox: Cell = {
  name: 'sandbox',
  title: 'From a call of the sandbox to the first output of its program, a fresh sandbox each time',
  async run(bench) {
    const rows: string[][] = [];
    const bars: Bar[] = [];
    const absent: string[] = [];
    for (const engine of allEngines()) {
      const probe = await engine.probe();
      if (!probe.present) absent.push(`${engine.name} was left out: ${probe.reason}`);
      else {
        const outputMs: number[] = [];
        for (let run = 0; run < bench.settings.rounds * runsARound; run++) {
          await sleep(pauseMs);
          outputMs.push(await untilOutput(engine));
        }
        const [p50, p95] = [percentile(outputMs, 50), percentile(outputMs, 95)];
        const { name, level } = engine;
        bench.say(`${name} (${level}): p50 ${ms(p50)} ms`);
        rows.push([`${name} (${level})`, prepared[level], ms(p50), ms(p95), ms(Math.min(...outputMs))]);
        bars.push({
          goal: `${name}, p50: at most ${mostMs[level]} ms`,
          measured: `${ms(p50)} ms`,
          isMet: p50 <= mostMs[level],
        });
      }
      await engine.close();
    }
    return {
      tables: [{ columns: ['engine', 'prepared', 'p50 ms', 'p95 ms', 'least ms'], rows }],
      bars,
      rounds: 'one run',
      notes: [
        `The program is \`print(1 + 1)\`. ${bench.settings.rounds * runsARound} runs an engine, ${pauseMs / 1000} s apart.`,
        ...absent,
      ],
    };
  },
};

async function untilOutput(engine: SandboxEngine): Promise<number> {
  const startMs = performance.now();
  let outputMs = Number.NaN;
  const onOutput = (): void => {
    outputMs = performance.now() - startMs;
  };
  const { stdout, message } = await engine.run({ code: 'print(1 + 1)', onOutput });
  if (stdout !== '2\n') throw new Error(`${engine.name} did not run the program: ${message}`);
  return outputMs;
}

function ms(value: number): string {
  return value.toFixed(1);
}
