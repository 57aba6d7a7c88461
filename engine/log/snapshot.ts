import { createHash } from 'node:crypto';
import { Reader } from '../bsatn/reader.ts';
import { Writer } from '../bsatn/writer.ts';
import type { Disk } from '../host/disk.ts';
import type { SequencePosition, TableChange } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import type { Store } from '../store/store.ts';
import { LogRejection } from './failure.ts';
import { chainBytes } from './format.ts';
import type { LogPoint } from './recover.ts';

// FORMAT.md describes what is written here.

const magic = 'HELIXSNP';
const version = 1;
const hashBytes = 32;
const keptCount = 2;

/** Everything that a database held at a point of its log. */
export interface Snapshot extends LogPoint {
  readonly file: string;
  readonly sequences: readonly SequencePosition[];
  /** The rows of each table that has any, as inserts; views of the file's bytes. */
  readonly tables: readonly TableChange[];
}

function snapshotName(nextOffset: number): string {
  return `${String(nextOffset).padStart(20, '0')}.snapshot`;
}

/** The files of a log's snapshots, the newest first. */
export async function listSnapshots(disk: Disk, directory: string): Promise<string[]> {
  const names = await disk.list(directory);
  return names
    .filter((name) => /^\d{20}\.snapshot$/.test(name))
    .reverse()
    .map((name) => `${directory}/${name}`);
}

/** Keeps what a store holds at a point of its log; of the snapshots before it one is kept. No transaction may be open. */
export async function writeSnapshot(disk: Disk, directory: string, store: Store, point: LogPoint): Promise<void> {
  const bytes = encode(store, point);
  await disk.writeAtomic(`${directory}/${snapshotName(point.nextOffset)}`, bytes);
  for (const old of (await listSnapshots(disk, directory)).slice(keptCount)) await disk.remove(old);
}

/** @throws LogRejection `log-damaged`, `log-version` */
export async function readSnapshot(disk: Disk, file: string): Promise<Snapshot> {
  const bytes = (await disk.read(file)) ?? new Uint8Array();
  const content = bytes.subarray(0, Math.max(0, bytes.length - hashBytes));
  const hash = createHash('sha256').update(content).digest();
  if (!hash.equals(bytes.subarray(content.length))) throw unreadable(file, 'its checksum is wrong');
  const reader = new Reader(content);
  if (Buffer.from(reader.raw(magic.length)).toString() !== magic) throw unreadable(file, 'it is no snapshot');
  const seen = reader.u32();
  if (seen !== version) {
    const message = `${file} has the snapshot format ${seen}, but this program reads ${version}: run the version that wrote it`;
    throw new LogRejection('log-version', file, magic.length, message);
  }
  const nextOffset = Number(reader.u64());
  const chain = reader.raw(chainBytes);
  const sequences: SequencePosition[] = [];
  for (let i = reader.u32(); i > 0; i--) {
    sequences.push({ table: reader.u32() as TableId, column: reader.u32(), next: BigInt(reader.string()) });
  }
  const tables: TableChange[] = [];
  for (let i = reader.u32(); i > 0; i--) {
    const table = reader.u32() as TableId;
    const inserts: Uint8Array[] = [];
    for (let row = reader.u32(); row > 0; row--) inserts.push(reader.byteArray());
    tables.push({ table, inserts, deletes: [] });
  }
  reader.finish();
  return { file, nextOffset, chain, sequences, tables };
}

function encode(store: Store, { nextOffset, chain }: LogPoint): Uint8Array {
  const writer = new Writer(64 * 1024);
  writer.raw(Buffer.from(magic));
  writer.u32(version);
  writer.u64(BigInt(nextOffset));
  writer.raw(chain);
  const sequences = store.sequencePositions();
  writer.u32(sequences.length);
  for (const { table, column, next } of sequences) {
    writer.u32(table);
    writer.u32(column);
    writer.string(String(next));
  }
  const tables = store.tables().filter((table) => table.rowCount > 0);
  writer.u32(tables.length);
  for (const table of tables) {
    writer.u32(table.def.id);
    writer.u32(table.rowCount);
    for (const handle of table.scan()) writer.byteArray(table.row(handle));
  }
  const content = writer.view();
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

function unreadable(file: string, seen: string): LogRejection {
  return new LogRejection('log-damaged', file, 0, `the snapshot ${file} is damaged: ${seen}`);
}
