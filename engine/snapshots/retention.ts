import type { Disk } from '../host/disk.ts';
import { LogRejection } from '../log/failure.ts';
import { batchHeaderBytes, offsetOfSegment, segmentHeaderBytes, segmentName } from '../log/format.ts';
import { offsetOfSnapshot, openSnapshot, snapshotName } from '../log/snapshot.ts';

/** How much of a history is kept. */
export interface Retention {
  /** History younger than this is kept whole; undefined keeps everything. */
  readonly keepMicros: bigint | undefined;
  readonly nowMicros: bigint;
}

export interface KeptSnapshot {
  readonly offset: number;
  /** A time at which all that it holds had happened; undefined while that is just happening. */
  readonly micros: bigint | undefined;
}

export interface KeptSegment {
  readonly firstOffset: number;
}

/** One may turn out to be damaged: another is left to start from. */
const newestCount = 2;
/** Between the newest snapshots and the oldest, one for each such part of the time that is kept. */
const partsKept = 4n;

/**
 * What may go of a log, both lists in ascending offset: history is kept from a snapshot on that is older than the time to
 * keep, so that every commit after it can be gone back to.
 */
export function planTrim(
  snapshots: readonly KeptSnapshot[],
  segments: readonly KeptSegment[],
  { keepMicros, nowMicros }: Retention,
): { readonly snapshots: readonly KeptSnapshot[]; readonly segments: readonly KeptSegment[] } {
  const older = snapshots.slice(0, Math.max(0, snapshots.length - newestCount));
  if (keepMicros === undefined) return { snapshots: older, segments: [] };
  const horizon = nowMicros - keepMicros;
  const isOldEnough = ({ micros }: KeptSnapshot) => micros !== undefined && micros <= horizon;
  const base = snapshots.slice(0, 1 - newestCount).findLast(isOldEnough);
  const first = base === undefined ? -1 : segments.findLastIndex(({ firstOffset }) => firstOffset < base.offset);
  let last = base?.micros;
  const spare = older.filter((snapshot) => {
    if (base !== undefined && snapshot.offset <= base.offset) return snapshot !== base;
    if (snapshot.micros === undefined) return true;
    if (last !== undefined && snapshot.micros - last < keepMicros / partsKept) return true;
    last = snapshot.micros;
    return false;
  });
  return { snapshots: spare, segments: segments.slice(0, Math.max(0, first)) };
}

/** Removes what a retention does not keep of a log, and snapshots that are damaged. */
export async function trim(disk: Disk, directory: string, retention: Retention): Promise<void> {
  const names = await disk.list(directory);
  const segments: (KeptSegment & { readonly micros: bigint | undefined })[] = [];
  for (const name of names) {
    const firstOffset = offsetOfSegment(name);
    if (firstOffset !== undefined)
      segments.push({ firstOffset, micros: await beginningOf(disk, `${directory}/${name}`) });
  }
  const snapshots: KeptSnapshot[] = [];
  for (const name of names) {
    const offset = offsetOfSnapshot(name);
    if (offset === undefined) continue;
    const micros = segments.find(({ firstOffset }) => firstOffset >= offset)?.micros;
    // What cannot be read is nothing to fall back to.
    if (await isGood(disk, `${directory}/${name}`)) snapshots.push({ offset, micros });
    else await disk.remove(`${directory}/${name}`);
  }
  const spare = planTrim(snapshots, segments, retention);
  for (const { offset } of spare.snapshots) await disk.remove(`${directory}/${snapshotName(offset)}`);
  // From the oldest on: whenever this is interrupted, the rest is one log.
  for (const { firstOffset } of spare.segments) await disk.remove(`${directory}/${segmentName(firstOffset)}`);
}

/** The time of a segment's first commit, if it has one. */
async function beginningOf(disk: Disk, file: string): Promise<bigint | undefined> {
  const at = segmentHeaderBytes + batchHeaderBytes;
  const bytes = await disk.readPart(file, 0, at + 8);
  if (bytes === undefined || bytes.length < at + 8) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true);
}

async function isGood(disk: Disk, file: string): Promise<boolean> {
  try {
    await openSnapshot(disk, file);
    return true;
  } catch (error) {
    if (error instanceof LogRejection && error.code === 'log-damaged') return false;
    throw error;
  }
}
