import { assert } from '../errors.ts';
import type { Disk } from '../host/disk.ts';
import { type LogPoint, readLog } from '../log/recover.ts';
import { openSnapshot, type Snapshot } from '../log/snapshot.ts';
import { isDraft, SnapshotWriter } from '../log/snapshot-writer.ts';
import { type LoadModule, newestSnapshot, RecoveredState } from '../recovery.ts';
import type { TableId } from '../store/definition.ts';
import { Delta } from './delta.ts';
import { type Retention, trim } from './retention.ts';

/** Changes that are held in memory at once: a longer log is gone through in several snapshots. */
const deltaBytesMax = 256 * 1024 * 1024;

/** Bring the snapshots of one log up to a commit. */
export interface SnapshotJob {
  readonly directory: string;
  /** The last commit to include: a durable one. */
  readonly untilOffset: number;
  readonly retention: Retention;
}

export interface SnapshotResult {
  /** Size of the newest snapshot. */
  readonly sizeBytes: number;
  /** What an operator should read. */
  readonly warnings: readonly string[];
}

/**
 * Makes a snapshot of the newest good one and the log after it, and trims what need not be kept any longer. Only files
 * are read, and of the log only what is durable, so that it can run beside the process that writes the log.
 * @throws LogRejection what is damaged, or what the disk refuses; the files are then as they were
 */
export async function takeSnapshot(
  disk: Disk,
  { directory, untilOffset, retention }: SnapshotJob,
  load: LoadModule,
  bytesMax = deltaBytesMax,
): Promise<SnapshotResult> {
  const warnings: string[] = [];
  for (const name of await disk.list(directory)) if (isDraft(name)) await disk.remove(`${directory}/${name}`);
  let base = await newestSnapshot(disk, directory, (message) => warnings.push(message));
  while ((base?.nextOffset ?? 0) <= untilOffset)
    base = await nextSnapshot(disk, directory, base, untilOffset, load, bytesMax);
  await trim(disk, directory, retention);
  return { sizeBytes: base?.sizeBytes ?? 0, warnings };
}

async function nextSnapshot(
  disk: Disk,
  directory: string,
  base: Snapshot | undefined,
  untilOffset: number,
  load: LoadModule,
  bytesMax: number,
): Promise<Snapshot> {
  const delta = new Delta();
  const state = new RecoveredState(load, delta);
  if (base) {
    await state.begin(base);
    delta.restoreSequences(base.sequences);
  }
  const end = await readLog(disk, directory, (commit) => state.replay(commit), {
    after: base,
    isEnough: ({ nextOffset }) => nextOffset > untilOffset || delta.bytes >= bytesMax,
  });
  assert(end.nextOffset > (base?.nextOffset ?? 0), `the log in ${directory} ends before commit ${untilOffset}`);
  return await merge(disk, directory, base, delta, end);
}

/** Writes the rows of a snapshot with what has changed since. */
async function merge(
  disk: Disk,
  directory: string,
  base: Snapshot | undefined,
  delta: Delta,
  { nextOffset, chain }: LogPoint,
): Promise<Snapshot> {
  const baseCounts = new Map<TableId, number>();
  if (base) for await (const { table, rowCount } of base.parts()) baseCounts.set(table, rowCount);
  const counts = delta
    .tables()
    .map((table) => ({ table, count: (baseCounts.get(table.def.id) ?? 0) + table.growth }))
    .filter(({ count }) => count > 0);
  const sequences = delta.sequencePositions();
  const writer = await SnapshotWriter.begin(disk, directory, {
    nextOffset,
    chain,
    sequences,
    tableCount: counts.length,
  });
  try {
    const baseParts = base?.parts();
    let part = await baseParts?.next();
    for (const { table, count } of counts) {
      writer.table(table.def.id, count);
      while (part !== undefined && !part.done && part.value.table <= table.def.id) {
        if (part.value.table === table.def.id) await writer.rows(table.kept(part.value.inserts));
        part = await baseParts?.next();
      }
      await writer.rows(table.gained());
    }
    return await openSnapshot(disk, await writer.finish());
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
