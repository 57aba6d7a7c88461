import { type Bank, helixBank, nullBank, settingOf, systems, transfers } from '../lib/banks.ts';
import { atLeast, type Cell } from '../lib/cell.ts';
import { contest } from '../lib/contest.ts';
import { bank } from '../settings.ts';

/** How near Helix is to what the official client and its socket can do at all. */
export const ceiling: Cell = {
  name: 'ceiling',
  title: 'Against a server that only answers',
  async run(bench) {
    const banks: Bank[] = [];
    try {
      banks.push(await helixBank(bench), await nullBank());
      const entrants = bank.inFlight.flatMap((inFlight) => banks.map((one) => transfers(one, inFlight, 0)));
      const result = await contest(bench, entrants);
      const share = (inFlight: number) =>
        result.of(systems.helix, settingOf(inFlight, 0)) / result.of(systems.nothing, settingOf(inFlight, 0));
      return {
        tables: [result.table('calls')],
        bars: [atLeast('Helix to the null server, pipelined', share(40), 0.55)],
        notes: [
          'Null server: ws with nothing behind it; it reads the ids out of a frame and answers all calls of one turn of the event loop with "success" in one frame. It decodes no arguments, keeps no rows and writes nothing.',
        ],
      };
    } finally {
      for (const one of banks) await one.stop();
    }
  },
};
