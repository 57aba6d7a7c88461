import type { Cell } from '../lib/cell.ts';
import { millis, whole } from '../lib/contest.ts';
import { fillInSteps, startInside } from '../lib/inside.ts';
import { median } from '../lib/stats.ts';

const rowCount = 1_000_000;
const rowsACommit = 1_000;
/** 4 + 4 + 8 bytes of numbers, 4 of the text's length, 80 of the text. */
const rowBytes = 100;

/** What a row costs in memory, and how fast a hub is back. */
export const memory: Cell = {
  name: 'memory',
  title: 'A million rows with two indexes',
  async run(bench) {
    const { rounds } = bench.settings;
    const residentBytes: number[] = [];
    const restartMs: number[] = [];
    const emptyStart = await startInside(bench, 'archive', 'empty');
    await emptyStart.child.stop();
    const again = await startInside(bench, 'archive', 'empty');
    const emptyMs = again.startMs;
    await again.child.stop();
    const first = await startInside(bench, 'archive', 'archive');
    const before = await first.child.ask('residentBytes', null);
    await fillInSteps(first.child, 'fill', rowCount, [], rowsACommit);
    const written = (await first.child.ask('residentBytes', null)) - before;
    await first.child.stop();
    for (let round = 0; round < rounds; round++) {
      const { child, startMs } = await startInside(bench, 'archive', 'archive');
      residentBytes.push((await child.ask('residentBytes', null)) - before);
      restartMs.push(startMs - emptyMs);
      await child.stop();
      bench.say(`round ${round + 1}: back after ${whole(startMs)} ms`);
    }
    const perRow = (bytes: number) => Math.round(bytes / rowCount);
    const rowsPerSecond = rowCount / (median(restartMs) / 1000);
    return {
      tables: [
        {
          columns: ['', 'measured'],
          rows: [
            [`resident bytes a row of ${rowBytes} bytes, after writing them`, String(perRow(written))],
            ['resident bytes a row, after a restart', String(perRow(median(residentBytes)))],
            ['restart, beyond that of an empty hub', `${millis(median(restartMs))} ms`],
            ['rows restored a second', whole(rowsPerSecond)],
          ],
        },
      ],
      bars: [
        {
          goal: 'Resident bytes a row: at most 450',
          measured: String(perRow(written)),
          isMet: perRow(written) <= 450,
        },
        {
          goal: 'Rows restored a second: at least 300,000',
          measured: whole(rowsPerSecond),
          isMet: rowsPerSecond >= 300_000,
        },
      ],
      rounds: `rounds ${rounds}`,
      notes: [
        `Written in commits of ${whole(rowsACommit)} rows. Resident bytes are the growth of the process’s memory over that of the empty hub, after a garbage collection. ${rounds} restarts.`,
      ],
    };
  },
};
