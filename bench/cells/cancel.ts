import { join } from 'node:path';
import { TestHub } from '../../limbs/testing/hub.ts';
import { descendants } from '../../test/support/descendants.ts';
import { startEndlessModel } from '../../test/support/endless-model.ts';
import { startHelix } from '../../test/support/process.ts';
import type { Bar, Cell } from '../lib/cell.ts';
import { median } from '../lib/stats.ts';

const roundsMin = 15;
const barMs = 200;
const endless = 'print("looping", flush=True)\nwhile True: pass';

/** How soon work ends that somebody cancels. */
export const cancel: Cell = {
  name: 'cancel',
  title: 'From a cancel to the end of the work, by a limb process',
  async run(bench) {
    const hub = await TestHub.open();
    const model = await startEndlessModel();
    const limb = startHelix(['limb', 'start', '--hub', hub.address.url, '--name', 'bench'], {
      HELIX_HOME: join(bench.folder, 'home'),
      HELIX_PAIR_CODE: await hub.pairCode(),
      HELIX_LLM_BASE_URL: model.url,
      HELIX_LLM_MODEL: 'endless',
    });
    try {
      const { sandbox } = await hub.until(() => [...hub.owner.db.limbs.iter()].find(({ online }) => online));
      const programs = () =>
        descendants(limb.child.pid ?? 0).filter((command) => /main\.py|pyodide|bwrap/.test(command));
      const idle = programs().length;
      const figures = { model: [] as number[], program: [] as number[] };
      const cancelled = async (skill: string, input: unknown, begun: RegExp, ended: () => Promise<number>) => {
        const taskId = await hub.submit(skill, input);
        await hub.until(() =>
          [...hub.owner.db.progress.iter()].find((piece) => piece.taskId === taskId && begun.test(piece.text)),
        );
        const startMs = performance.now();
        void hub.owner.reducers.cancelTask({ taskId });
        return (await ended()) - startMs;
      };
      const programsEnded = async () => {
        await hub.until(() => (programs().length <= idle ? true : undefined));
        return performance.now();
      };
      for (let round = 0; round < Math.max(bench.settings.rounds, roundsMin); round++) {
        figures.model.push(await cancelled('reason', { question: 'Why?' }, /and so/, () => model.abandoned()));
        // What runs in a container engine is not below the limb.
        if (sandbox === '' || sandbox.startsWith('docker')) continue;
        figures.program.push(await cancelled('run_python', { code: endless }, /looping/, programsEnded));
      }
      const rows: [string, readonly number[]][] = [['the request to the model is closed', figures.model]];
      if (figures.program.length > 0)
        rows.push([`no process of an endless Python loop is left: ${sandbox}`, figures.program]);
      return {
        tables: [
          {
            columns: ['from the call of cancel_task until', 'median, ms', 'longest, ms'],
            rows: rows.map(([what, values]) => [what, ms(median(values)), ms(Math.max(...values))]),
          },
        ],
        bars: rows.map(([what, values]) => within(what, values)),
        rounds: `rounds ${Math.max(bench.settings.rounds, roundsMin)}`,
        notes: [
          'Hub, model and owner are in one process, the limb in another. Processes are looked for every 5 ms.',
          'Programs in a container engine are not below the limb: HELIX_SANDBOX_ENGINE=bubblewrap measures the jail.',
        ],
      };
    } finally {
      await limb.stop();
      await model.close();
      await hub.close();
    }
  },
};

function within(what: string, values: readonly number[]): Bar {
  const longest = Math.max(...values);
  return { goal: `${what}: within ${barMs} ms`, measured: `${ms(longest)} ms at the longest`, isMet: longest <= barMs };
}

function ms(value: number): string {
  return value.toFixed(1);
}
