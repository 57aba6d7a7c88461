import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { backUp } from '../../engine/backup/back-up.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import type { Usage } from '../lib/answer.ts';
import { atMost, type Bench, type Cell } from '../lib/cell.ts';
import { millis, whole } from '../lib/contest.ts';
import { fillInSteps, startInside } from '../lib/inside.ts';
import { median, type Run } from '../lib/stats.ts';

const rowCount = 1_000_000;
const rowsACommit = 1_000;
const mebibyte = 1024 * 1024;
/** So often that a snapshot is under way all the time. */
const snapshotAfterBytes = mebibyte;
const watchMs = 20;
/** The load goes on until two snapshots were written under it, or for so long. */
const loadMsMax = 60_000;
const name = 'archive';

interface Loaded {
  readonly run: Run;
  readonly usage: Usage;
  readonly snapshotCount: number;
  readonly logBytesACommit: number;
}

/** What it costs to keep a million rows safe: snapshots beside the load, the log, backups, and coming back. */
export const durability: Cell = {
  name: 'durability',
  title: 'Snapshots, log, backup and restart at a million rows',
  async run(bench) {
    const { rounds } = bench.settings;
    const first = await startInside(bench, name, name, { snapshotAfterBytes: Number.MAX_SAFE_INTEGER });
    await fillInSteps(first.child, 'fill', rowCount, [], rowsACommit);
    await first.child.stop();
    const empty = await startInside(bench, name, 'empty');
    await empty.child.stop();
    const emptyMs = (await restart(bench, 'empty')).startMs;

    const fromLog = await restarts(bench, rounds, Number.MAX_SAFE_INTEGER);
    const quiet: Loaded[] = [];
    const busy: Loaded[] = [];
    for (let round = 0; round < rounds; round++) {
      quiet.push(await underLoad(bench, Number.MAX_SAFE_INTEGER));
      busy.push(await underLoad(bench, snapshotAfterBytes));
      const { usage, snapshotCount } = busy.at(-1) as Loaded;
      bench.say(`round ${round + 1}: ${snapshotCount} snapshots, late p99.9 ${millis(usage.p999Ms)} ms`);
    }
    await coverWithSnapshot(bench);
    const fromSnapshot = await restarts(bench, rounds, Number.MAX_SAFE_INTEGER);
    const folderSpeed = await backupSpeed(bench, rounds, 'copy');
    const archiveSpeed = await backupSpeed(bench, rounds, 'copy.tar.gz');

    const rowsASecond = (ms: readonly number[]) => rowCount / ((median(ms) - emptyMs) / 1000);
    const middle = (list: readonly Loaded[], of: (loaded: Loaded) => number) => median(list.map(of));
    const line = (label: string, list: readonly Loaded[]) => [
      label,
      whole(middle(list, ({ run }) => run.perSecond)),
      millis(middle(list, ({ run }) => run.p99Ms)),
      millis(middle(list, ({ usage }) => usage.p999Ms)),
      millis(middle(list, ({ usage }) => usage.maxMs)),
      whole(middle(list, ({ snapshotCount }) => snapshotCount)),
    ];
    const latestMs = middle(busy, ({ usage }) => usage.maxMs);
    return {
      tables: [
        {
          columns: ['updates, durable', 'a second', 'p99 ms', 'late p99.9 ms', 'latest ms', 'snapshots'],
          rows: [line('without snapshots', quiet), line('with a snapshot under way', busy)],
        },
        {
          columns: ['', 'measured'],
          rows: [
            ['rows restored a second, from the log', whole(rowsASecond(fromLog))],
            ['rows restored a second, from a snapshot', whole(rowsASecond(fromSnapshot))],
            ['log bytes a transaction', whole(middle(quiet, ({ logBytesACommit }) => logBytesACommit))],
            ['backup into a folder', `${whole(folderSpeed)} MB/s`],
            ['backup into one compressed file', `${whole(archiveSpeed)} MB/s`],
          ],
        },
      ],
      bars: [
        atMost('Latest that the event loop was while snapshots were written', latestMs, 20, ' ms'),
        {
          goal: 'Rows restored a second from a snapshot: at least 300,000',
          measured: whole(rowsASecond(fromSnapshot)),
          isMet: rowsASecond(fromSnapshot) >= 300_000,
        },
      ],
      rounds: `rounds ${rounds}`,
      notes: [
        'A transaction replaces one row of 100 bytes of a million; 64 calls at once, at most 1,024 are under way. Its log has both rows.',
        'Late is measured in the hub’s process by a timer of 1 ms (monitorEventLoopDelay). Snapshots are taken whenever the log has grown by 1 MiB, so that one is under way all the time; by default they are rarer.',
        `${rounds} rounds. Restarts are beyond that of an empty hub. Backups verify everything first; the speed is that of the bytes of the source.`,
      ],
    };
  },
};

async function restart(bench: Bench, data: string, afterBytes?: number) {
  const started = await startInside(
    bench,
    name,
    data,
    afterBytes === undefined ? {} : { snapshotAfterBytes: afterBytes },
  );
  await started.child.stop();
  return started;
}

async function restarts(bench: Bench, rounds: number, afterBytes: number): Promise<number[]> {
  const startMs: number[] = [];
  for (let round = 0; round < rounds; round++) startMs.push((await restart(bench, name, afterBytes)).startMs);
  return startMs;
}

async function underLoad(bench: Bench, afterBytes: number): Promise<Loaded> {
  const { child } = await startInside(bench, name, name, { snapshotAfterBytes: afterBytes });
  const seen = new Set<string>();
  const watching = setInterval(() => {
    for (const file of filesOf(bench, '.snapshot')) seen.add(file);
  }, watchMs);
  try {
    // The first one may have the whole log to go through.
    while (afterBytes === snapshotAfterBytes && seen.size === 0) await setTimeout(watchMs);
    const firstOffset = await child.ask('offset', null);
    const firstBytes = logBytes(bench);
    seen.clear();
    const alreadyThere = filesOf(bench, '.snapshot').length;
    await child.ask('usageStart', null);
    const untilMs = performance.now() + loadMsMax;
    const runs: Run[] = [];
    const countSnapshots = () => Math.max(0, seen.size - alreadyThere);
    do {
      runs.push(await child.ask('touches', { ...bench.settings, near: rowCount, count: rowCount }));
    } while (afterBytes === snapshotAfterBytes && countSnapshots() < 2 && performance.now() < untilMs);
    const usage = await child.ask('usageStop', null);
    const run = runs.reduce((best, other) => (other.p99Ms > best.p99Ms ? other : best));
    const snapshotCount = countSnapshots();
    const commits = (await child.ask('offset', null)) - firstOffset;
    // Closed, a file has no room at its end.
    await child.stop();
    return { run, usage, snapshotCount, logBytesACommit: (logBytes(bench) - firstBytes) / commits };
  } finally {
    clearInterval(watching);
    await child.stop();
  }
}

/** Leaves a snapshot of everything. */
async function coverWithSnapshot(bench: Bench): Promise<void> {
  const { child } = await startInside(bench, name, name, { snapshotAfterBytes: 1 });
  const wanted = `${String((await child.ask('offset', null)) + 1).padStart(20, '0')}.snapshot`;
  while (filesOf(bench, wanted).length === 0) await setTimeout(watchMs);
  await child.stop();
}

/** @returns millions of bytes a second */
async function backupSpeed(bench: Bench, rounds: number, target: string): Promise<number> {
  const speeds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let bytes = 0;
    const startMs = performance.now();
    await backUp(nodeDisk, join(bench.folder, name), join(bench.folder, target), 0, {
      say: () => {},
      done: (_, ofBytes) => {
        bytes = ofBytes ?? bytes;
      },
    });
    speeds.push(bytes / 1e6 / ((performance.now() - startMs) / 1000));
    rmSync(join(bench.folder, target), { recursive: true });
  }
  return median(speeds);
}

function logBytes(bench: Bench): number {
  return filesOf(bench, '.log').reduce((sum, file) => sum + statSync(file).size, 0);
}

function filesOf(bench: Bench, ending: string): string[] {
  const folder = join(bench.folder, name);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith(ending)).map((file) => join(folder, file));
}
