import { join } from 'node:path';
import { systems } from '../lib/banks.ts';
import { atLeast, type Cell } from '../lib/cell.ts';
import { Child } from '../lib/child.ts';
import { contest, type Entrant } from '../lib/contest.ts';
import { fillInSteps, startInside } from '../lib/inside.ts';
import type { Run, Span } from '../lib/stats.ts';
import { bank } from '../settings.ts';

const sqlite = 'better-sqlite3';

interface SqliteAsks {
  start(argument: { readonly file: string; readonly synchronous: string }): void;
  transfers(argument: Span & { readonly alpha: number }): Run;
}

/** The keynote workload without sockets: what the state machine itself costs. */
export const inProcess: Cell = {
  name: 'in-process',
  title: 'The same transfer in process, durable',
  async run(bench) {
    const { child: ours } = await startInside(bench, 'bank', 'inside');
    const theirs = new Child<SqliteAsks>('sqlite-inside');
    try {
      await fillInSteps(ours, 'open', bank.accounts, [bank.balance]);
      await theirs.ask('start', { file: join(bench.folder, 'inside.sqlite'), synchronous: 'NORMAL' });
      const entrants = bank.alphas.flatMap((alpha): Entrant[] => {
        const setting = `alpha ${alpha}`;
        return [
          { system: systems.helix, setting, run: (span) => ours.ask('transfers', { ...span, alpha }) },
          {
            system: sqlite,
            setting,
            run: (span) => theirs.ask('transfers', { ...span, alpha }),
          },
        ];
      });
      const result = await contest(bench, entrants);
      return {
        tables: [result.table('transfers')],
        bars: bank.alphas.map((alpha) => {
          const setting = `alpha ${alpha}`;
          return atLeast(
            `Helix to ${sqlite}, ${setting}`,
            result.of(systems.helix, setting) / result.of(sqlite, setting),
            3,
          );
        }),
        notes: [
          'Helix: calls straight into the database, 64 at once, counted when their commit is on disk; at most 1,024 are under way. Latency is a batch’s.',
          'better-sqlite3: one transaction a transfer, WAL, synchronous=NORMAL, so that its commits are not durable one by one.',
        ],
      };
    } finally {
      await ours.stop();
      await theirs.stop();
    }
  },
};
