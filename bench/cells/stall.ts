import type { Usage } from '../lib/answer.ts';
import { helixBank, transfers } from '../lib/banks.ts';
import { atMost, type Cell } from '../lib/cell.ts';
import { millis, whole } from '../lib/contest.ts';
import { median } from '../lib/stats.ts';

/** How long everybody else waits while the hub is busy. */
export const stall: Cell = {
  name: 'stall',
  title: 'How late the event loop is under load',
  async run(bench) {
    const hub = await helixBank(bench);
    try {
      const load = transfers(hub, 40, 0);
      const rows: (Usage & { readonly perSecond: number })[] = [];
      for (let round = 0; round < bench.settings.rounds; round++) {
        await hub.server.ask('usageStart', null);
        const run = await load.run(bench.settings);
        const usage = await hub.server.ask('usageStop', null);
        rows.push({ ...usage, perSecond: run.perSecond });
        bench.say(`round ${round + 1}: p99.9 ${millis(usage.p999Ms)} ms at ${whole(run.perSecond)}/s`);
      }
      const middle = (of: (row: (typeof rows)[number]) => number) => median(rows.map(of));
      return {
        tables: [
          {
            columns: [
              'setting',
              'transfers/s',
              'late p50 ms',
              'late p99.9 ms',
              'latest ms',
              'server CPU µs a transfer',
            ],
            rows: [
              [
                load.setting,
                whole(middle((row) => row.perSecond)),
                millis(middle((row) => row.p50Ms)),
                millis(middle((row) => row.p999Ms)),
                millis(middle((row) => row.maxMs)),
                ((middle((row) => row.cpuShare) / middle((row) => row.perSecond)) * 1e6).toFixed(1),
              ],
            ],
          },
        ],
        bars: [
          atMost(
            'p99.9 of the delay',
            middle((row) => row.p999Ms),
            20,
            ' ms',
          ),
        ],
        notes: ['Measured in the hub’s process by a timer of 1 ms (monitorEventLoopDelay); CPU is of all its threads.'],
      };
    } finally {
      await hub.stop();
    }
  },
};
