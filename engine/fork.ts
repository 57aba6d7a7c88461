import { writeCut } from './backup/restore.ts';
import { Rejection } from './errors.ts';
import type { Disk } from './host/disk.ts';
import { cutLog } from './log/cut.ts';
import { isoTimeOf, type Moment } from './log/moment.ts';
import { withRoom } from './log/reserve.ts';
import { steadily } from './log/steadily.ts';
import type { LoadModule } from './recovery.ts';
import { takeSnapshot } from './snapshots/take.ts';

/** Copy a log's history up to a moment into a new directory. */
export interface ForkJob {
  readonly from: string;
  readonly to: string;
  readonly until: Moment | undefined;
}

/**
 * Copies the first part of a history, with a snapshot of its end so that it is opened at once.
 * @returns how many commits it has @throws Rejection `no-commits`, `disk-full`, LogRejection; nothing is left then
 */
export async function forkLog(disk: Disk, { from, to, until }: ForkJob, load: LoadModule): Promise<number> {
  const cut = await steadily(() => cutLog(disk, from, until));
  if (cut.nextOffset === 0) {
    const first = cut.firstMicros === undefined ? '' : `, its first is of ${isoTimeOf(cut.firstMicros)}`;
    throw new Rejection('no-commits', `the database had no commits then${first}: choose a later moment`);
  }
  return await withRoom(disk, from, async () => {
    try {
      await writeCut(disk, cut, to);
      const retention = { keepMicros: undefined, nowMicros: 0n };
      await takeSnapshot(disk, { directory: to, untilOffset: cut.nextOffset - 1, retention }, load);
      return cut.nextOffset;
    } catch (error) {
      await disk.remove(to);
      throw error;
    }
  });
}
