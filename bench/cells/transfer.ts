import {
  type Bank,
  helixBank,
  postgresBank,
  postgresConnections,
  settingOf,
  sqliteBank,
  systems,
  transfers,
} from '../lib/banks.ts';
import { atLeast, type Bar, type Bench, type Cell, type Report } from '../lib/cell.ts';
import { contest } from '../lib/contest.ts';
import { whyNoPostgres } from '../lib/postgres.ts';
import { bank } from '../settings.ts';

/** The keynote workload over sockets, durable, against what people write themselves. */
export const transfer: Cell = {
  name: 'transfer',
  title: 'A transfer between two of 100,000 accounts, over sockets, durable',
  async run(bench: Bench): Promise<Report> {
    const noPostgres = whyNoPostgres();
    const banks: Bank[] = [];
    try {
      banks.push(await helixBank(bench), await sqliteBank(bench));
      if (!noPostgres) banks.push(await postgresBank(bench));
      const settings = bank.inFlight.flatMap((inFlight) => bank.alphas.map((alpha) => ({ inFlight, alpha })));
      const entrants = settings.flatMap(({ inFlight, alpha }) => banks.map((one) => transfers(one, inFlight, alpha)));
      const result = await contest(bench, entrants);
      const peers = banks.map(({ system }) => system).filter((system) => system !== systems.helix);
      const bars: Bar[] = settings.flatMap(({ inFlight, alpha }) =>
        peers.map((peer) => {
          const setting = settingOf(inFlight, alpha);
          const ratio = result.of(systems.helix, setting) / result.of(peer, setting);
          return atLeast(`${systems.helix} to ${peer}, ${setting}`, ratio, inFlight === 1 ? 4 : 20);
        }),
      );
      const pipelined = (alpha: number) => result.of(systems.helix, settingOf(40, alpha));
      bars.push(atLeast('Helix, alpha 1.5 to alpha 0, pipelined', pipelined(1.5) / pipelined(0), 1));
      return {
        tables: [result.table('transfers')],
        bars,
        notes: [
          'Every system: one server process and one load process on loopback, the same closed loop; a call has ended when its answer has come. Each account starts with 1,000,000 and each transfer moves 1.',
          'Helix: the official client, confirmed reads, one WebSocket a client; an answer leaves after a synchronous write (O_DSYNC) of its commit, shared by the commits of that moment.',
          'Node + SQLite: better-sqlite3 behind node:http, WAL, synchronous=FULL, one transaction a transfer. Load by undici, one kept connection for each request in flight.',
          noPostgres
            ? `Node + PostgreSQL: skipped: ${noPostgres}.`
            : `Node + PostgreSQL: pg behind node:http, ${postgresConnections} connections over a Unix socket, default settings, serializable, prepared statements (one for both reads, one for both updates), a conflict is tried again after a short random wait. Load as for SQLite.`,
        ],
      };
    } finally {
      for (const one of banks) await one.stop();
    }
  },
};
