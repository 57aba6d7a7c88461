import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systems } from '../lib/banks.ts';
import { atLeast, type Cell } from '../lib/cell.ts';
import { Child } from '../lib/child.ts';
import { contest, type Entrant } from '../lib/contest.ts';
import type { BroadcastAsks } from '../processes/broadcast.ts';
import type { FanOutLoadAsks } from '../processes/fan-out-load.ts';
import type { HelixAsks } from '../processes/helix.ts';

const subscribers = 1_000;
const writesInFlight = [1, 8];
const broadcast = 'bare ws broadcast';
const tickerModule = fileURLToPath(new URL('../modules/ticker.ts', import.meta.url));

/** One writer, many subscribers of one query. */
export const fanOut: Cell = {
  name: 'fan-out',
  title: 'One writer, 1,000 subscribers of one query',
  async run(bench) {
    const server = new Child<HelixAsks>('helix', bench.nodeOptions);
    const load = new Child<FanOutLoadAsks>('fan-out-load');
    const bareServer = new Child<BroadcastAsks>('broadcast');
    const bareLoad = new Child<FanOutLoadAsks>('fan-out-load');
    try {
      const url = await server.ask('start', {
        module: tickerModule,
        name: 'ticker',
        data: join(bench.folder, 'ticker'),
      });
      const query = 'SELECT * FROM tick';
      const payloadBytes = await load.ask('connect', { url, subscribers, query });
      const bareUrl = await bareServer.ask('start', { payloadBytes });
      await bareLoad.ask('connect', { url: bareUrl, subscribers, query });
      const entrants = writesInFlight.flatMap((inFlight): Entrant[] => {
        const setting = settingOf(inFlight);
        return [
          { system: systems.helix, setting, run: (span) => load.ask('run', { ...span, inFlight }) },
          { system: broadcast, setting, run: (span) => bareLoad.ask('run', { ...span, inFlight }) },
        ];
      });
      const result = await contest(bench, entrants);
      return {
        tables: [result.table('deliveries')],
        bars: writesInFlight.map((inFlight) => {
          const setting = settingOf(inFlight);
          return atLeast(
            `Helix to the ${broadcast}, ${setting}`,
            result.of(systems.helix, setting) / result.of(broadcast, setting),
            0.6,
          );
        }),
        notes: [
          `Each write makes one message of ${payloadBytes - 1} bytes for each subscriber; a write has ended when as many messages have come as there are subscribers. The latency is that of the last of them. Subscribers only count frames.`,
          'Helix: a reducer updates one row, confirmed reads, durable before delivery. Bare broadcast: ws sends the same number of bytes to each subscriber for each frame of the writer, with nothing behind it.',
        ],
      };
    } finally {
      for (const child of [load, bareLoad, server, bareServer]) await child.stop();
    }
  },
};

function settingOf(inFlight: number): string {
  return `${inFlight} ${inFlight === 1 ? 'write' : 'writes'} in flight`;
}
