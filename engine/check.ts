import { Rejection } from './errors.ts';
import type { Disk } from './host/disk.ts';
import { emptyLog, LogRejection } from './log/failure.ts';
import { type LogEnd, readLog } from './log/recover.ts';
import { listSnapshots, openSnapshot, type Snapshot } from './log/snapshot.ts';
import { steadily } from './log/steadily.ts';
import { loadModule } from './module/load.ts';
import { RecoveredState } from './recovery.ts';
import { indexFaults } from './store/consistency.ts';
import type { TableId } from './store/definition.ts';
import { Store } from './store/store.ts';

/** What is kept of a database's history. */
export interface KeptHistory {
  /** Where the log ended when it was looked at: a running hub goes on. */
  readonly end: LogEnd;
  /** What comes before the first commit that can be replayed; undefined when that is the very first. */
  readonly base: Snapshot | undefined;
  /** The good snapshots, the oldest first. */
  readonly snapshots: readonly Snapshot[];
}

export interface CheckedDatabase {
  readonly commitCount: number;
  /** The first commit that is kept; 0 when nothing was trimmed. */
  readonly beginsAt: number;
  readonly rowCount: number;
  readonly snapshotCount: number;
  /** SHA-256 over the whole history, in hex: note it elsewhere to notice a history that was rewritten. */
  readonly chain: string;
  /** What a crash left at the end, and the next start will cut off. */
  readonly tornBytes: number;
}

/** Told how many bytes have been verified; or how many of how many have been replayed. */
export type OnRead = (bytes: number, ofBytes?: number) => void;

/** Verifies every byte of a log and of its snapshots, and changes nothing. @throws LogRejection that names the file and the place */
export function keptHistory(disk: Disk, directory: string, onRead?: OnRead): Promise<KeptHistory> {
  return steadily(async () => {
    const snapshots: Snapshot[] = [];
    for (const file of (await listSnapshots(disk, directory)).reverse()) snapshots.push(await openSnapshot(disk, file));
    const chains = new Map<number, Uint8Array>();
    const offsets = new Set(snapshots.map(({ nextOffset }) => nextOffset));
    const end = await readLog(disk, directory, () => {}, {
      isTrimmed: true,
      onRead: onRead && ((bytes) => onRead(bytes)),
      isEnough: ({ nextOffset, chain }) => {
        if (offsets.has(nextOffset)) chains.set(nextOffset, chain);
        return false;
      },
    });
    if (end.nextOffset === 0) throw emptyLog(directory);
    for (const { file, nextOffset, chain } of snapshots) {
      const seen = chains.get(nextOffset);
      if (seen !== undefined && Buffer.compare(seen, chain) === 0) continue;
      const why = seen === undefined ? `no commits end at ${nextOffset}` : 'it was made of another log';
      throw new LogRejection('log-damaged', file, 0, `the log does not lead to the snapshot ${file}: ${why}`);
    }
    const base = end.beginsAt === 0 ? undefined : snapshots[0];
    if (end.beginsAt > 0 && base === undefined) {
      const message = `the log in ${directory} begins at commit ${end.beginsAt}, and no snapshot holds what came before`;
      throw new LogRejection('log-incomplete', directory, 0, message);
    }
    return { end, base, snapshots };
  });
}

/**
 * Replays everything that is kept of a database: the history comes to what every snapshot holds, and every index shows its
 * table. @throws Rejection that names what is damaged
 */
export async function checkDatabase(disk: Disk, directory: string, onRead?: OnRead): Promise<CheckedDatabase> {
  const { end, base, snapshots } = await keptHistory(disk, directory, onRead);
  const state = new RecoveredState(loadModule, new Store());
  if (base) await state.load(base);
  const due = snapshots.filter((snapshot) => snapshot !== base);
  const compareBefore = async (offset: number) => {
    while (due[0]?.nextOffset === offset) await requireSame(state.store, due.shift());
  };
  await readLog(
    disk,
    directory,
    (commit) => {
      if (due[0]?.nextOffset !== commit.offset) return state.replay(commit);
      return compareBefore(commit.offset).then(() => state.replay(commit));
    },
    {
      after: base,
      isEnough: ({ nextOffset }) => nextOffset >= end.nextOffset,
      onRead: onRead && ((bytes) => onRead(bytes, end.readBytes)),
    },
  );
  await compareBefore(end.nextOffset);
  const faults = indexFaults(state.store);
  if (faults.length > 0) {
    throw new Rejection(
      'index-damaged',
      `${directory} replays to rows that its indexes do not show: ${faults.join('; ')}`,
    );
  }
  return {
    commitCount: end.nextOffset,
    beginsAt: base?.nextOffset ?? 0,
    rowCount: state.store.tables().reduce((sum, table) => sum + table.rowCount, 0),
    snapshotCount: snapshots.length,
    chain: Buffer.from(end.chain).toString('hex'),
    tornBytes: end.tornTail?.bytes ?? 0,
  };
}

/** @throws LogRejection when a snapshot holds something else than the history comes to */
async function requireSame(store: Store, snapshot: Snapshot | undefined): Promise<void> {
  if (snapshot === undefined) return;
  const differs = (what: string) =>
    new LogRejection(
      'log-damaged',
      snapshot.file,
      0,
      `the snapshot ${snapshot.file} is not what the log comes to: ${what}`,
    );
  const seen = new Map<TableId, number>();
  const found = new Map<TableId, Set<number>>();
  for await (const { table, rowCount, inserts } of snapshot.parts()) {
    if (!store.hasTable(table)) throw differs(`there is no table ${table}`);
    seen.set(table, rowCount);
    const handles = found.get(table) ?? new Set();
    found.set(table, handles);
    for (const row of inserts) {
      const handle = store.findEqual(table, row);
      if (handle >= 0) handles.add(handle);
    }
  }
  for (const table of store.tables()) {
    const { id, name } = table.def;
    const rows = seen.get(id) ?? 0;
    if (rows !== table.rowCount) throw differs(`${rows} rows of ${name} instead of ${table.rowCount}`);
    if ((found.get(id)?.size ?? 0) !== rows) throw differs(`other rows of ${name}`);
  }
  const positions = (list: Snapshot['sequences']) =>
    list.map(({ table, column, next }) => `${table} ${column} ${next}`).sort();
  if (positions(snapshot.sequences).join() !== positions(store.sequencePositions()).join())
    throw differs('other sequences');
}
