import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Bench, Cell } from '../lib/cell.ts';
import { Child } from '../lib/child.ts';
import { median } from '../lib/stats.ts';
import type { HelixAsks } from '../processes/helix.ts';
import type { TaskLoadAsks } from '../processes/task-load.ts';

const limbCount = 500;
const slots = 2;
const settleMs = 5_000;
const measureMs = 30_000;
const roundsMax = 3;
const hubModule = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));

/** What limbs cost that have nothing to do. */
export const idleLimbs: Cell = {
  name: 'idle-limbs',
  title: `${limbCount} limbs with nothing to do`,
  async run(bench) {
    const none = await measure(bench, 0);
    const many = await measure(bench, limbCount);
    const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
    const row = (what: string, { shares, residentBytes }: Measured) => [
      what,
      ...[median(shares), Math.min(...shares), Math.max(...shares)].map(percent),
      `${Math.round(residentBytes / 2 ** 20)} MiB`,
    ];
    return {
      tables: [
        {
          columns: ['connected', 'of one core, median', 'least', 'most', 'memory of the hub'],
          rows: [row('the owner alone', none), row(`and ${limbCount} idle limbs`, many)],
        },
      ],
      bars: [
        {
          goal: `${limbCount} idle limbs: at most 1 % of a core`,
          measured: percent(median(many.shares)),
          isMet: median(many.shares) <= 0.01,
        },
      ],
      rounds: `rounds ${Math.min(bench.settings.rounds, roundsMax)}`,
      notes: [
        `Processor time of the hub’s process, all threads, over ${measureMs / 1000} s, two heartbeats of each socket among them, ${settleMs / 1000} s after the last limb was announced. Each limb has a connection of its own by the official client, with the subscriptions of a limb.`,
      ],
    };
  },
};

interface Measured {
  /** Of one core, by round. */
  readonly shares: number[];
  readonly residentBytes: number;
}

async function measure({ settings, folder, nodeOptions, say }: Bench, limbs: number): Promise<Measured> {
  const hub = new Child<HelixAsks>('helix', ['--expose-gc', ...nodeOptions]);
  const load = new Child<TaskLoadAsks>('task-load');
  try {
    const url = await hub.ask('start', { module: hubModule, name: 'helix', data: join(folder, `limbs-${limbs}`) });
    const token = (await hub.ask('operatorToken', null)) ?? '';
    await load.ask('connect', { url, token, limbs, slots });
    await sleep(settleMs);
    const shares: number[] = [];
    for (let round = 0; round < Math.min(settings.rounds, roundsMax); round++) {
      const startMs = performance.now();
      const before = await hub.ask('cpuMs', null);
      await sleep(measureMs);
      const used = (await hub.ask('cpuMs', null)) - before;
      shares.push(used / (performance.now() - startMs));
      say(`${limbs} limbs: ${((used / measureMs) * 100).toFixed(2)} % of a core`);
    }
    return { shares, residentBytes: await hub.ask('residentBytes', null) };
  } finally {
    await load.stop();
    await hub.stop();
  }
}
