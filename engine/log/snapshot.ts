import { createHash } from 'node:crypto';
import { Reader } from '../bsatn/reader.ts';
import type { Disk } from '../host/disk.ts';
import type { SequencePosition, TableChange } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import { LogRejection, vanished } from './failure.ts';
import { chainBytes } from './format.ts';
import type { LogPoint } from './recover.ts';

// FORMAT.md describes what is read here.
export const magic = 'HELIXSNP';
export const version = 1;
const hashBytes = 32;
const chunkBytes = 1024 * 1024;

/** Everything that a database held at a point of its log. */
export interface Snapshot extends LogPoint {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sequences: readonly SequencePosition[];
  /** The rows, table after table in ascending id, as many at a time as are read at once; views that outlive the step. */
  parts(): AsyncGenerator<SnapshotPart>;
}

/** Some rows of one table, as inserts. */
export interface SnapshotPart extends TableChange {
  /** How many rows of the table there are in all parts together. */
  readonly rowCount: number;
}

export function snapshotName(nextOffset: number): string {
  return `${String(nextOffset).padStart(20, '0')}.snapshot`;
}

/** @returns undefined when a snapshot would not be named so */
export function offsetOfSnapshot(name: string): number | undefined {
  return /^\d{20}\.snapshot$/.test(name) ? Number(name.slice(0, 20)) : undefined;
}

/** The files of a log's snapshots, the newest first. */
export async function listSnapshots(disk: Disk, directory: string): Promise<string[]> {
  const names = await disk.list(directory);
  return names
    .filter((name) => offsetOfSnapshot(name) !== undefined)
    .reverse()
    .map((name) => `${directory}/${name}`);
}

/** Reads a whole snapshot to see whether it is good; its rows are read again by `parts`. @throws LogRejection `log-damaged`, `log-version` */
export async function openSnapshot(disk: Disk, file: string): Promise<Snapshot> {
  const sizeBytes = await verify(disk, file);
  const bytes = new FileBytes(disk, file, 0, sizeBytes - hashBytes);
  if (Buffer.from(await bytes.raw(magic.length)).toString() !== magic) throw unreadable(file, 'it is no snapshot');
  const seen = await bytes.u32();
  if (seen !== version) {
    const message = `${file} has the snapshot format ${seen}, but this program reads ${version}: run the version that wrote it`;
    throw new LogRejection('log-version', file, magic.length, message);
  }
  const nextOffset = Number(new Reader(await bytes.raw(8)).u64());
  const chain = Uint8Array.from(await bytes.raw(chainBytes));
  const sequences: SequencePosition[] = [];
  for (let i = await bytes.u32(); i > 0; i--) {
    const [table, column] = [await bytes.u32(), await bytes.u32()];
    const next = Buffer.from(await bytes.raw(await bytes.u32())).toString();
    sequences.push({ table: table as TableId, column, next: BigInt(next) });
  }
  const rowsAt = bytes.position;
  const parts = () => readParts(new FileBytes(disk, file, rowsAt, sizeBytes - hashBytes));
  return { file, sizeBytes, nextOffset, chain, sequences, parts };
}

/** @returns the size of the file */
async function verify(disk: Disk, file: string): Promise<number> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let end = Buffer.alloc(0);
  for (;;) {
    const part = await disk.readPart(file, sizeBytes, chunkBytes);
    if (part === undefined) throw vanished(file);
    if (part.length === 0) break;
    sizeBytes += part.length;
    // The last bytes seen may be the hash itself.
    hash.update(end.subarray(0, Math.max(0, end.length + part.length - hashBytes)));
    const kept = end.subarray(Math.max(0, end.length + part.length - hashBytes));
    hash.update(part.subarray(0, Math.max(0, part.length - hashBytes)));
    end = Buffer.concat([kept, part.subarray(Math.max(0, part.length - hashBytes))]);
  }
  if (!hash.digest().equals(end)) throw unreadable(file, 'its checksum is wrong');
  return sizeBytes;
}

async function* readParts(bytes: FileBytes): AsyncGenerator<SnapshotPart> {
  for (let tables = await bytes.u32(); tables > 0; tables--) {
    const table = (await bytes.u32()) as TableId;
    const rowCount = await bytes.u32();
    for (let left = rowCount; left > 0; ) {
      const inserts = bytes.arrays(left);
      if (inserts.length === 0) {
        // A row that is longer than what has been read ahead.
        const length = await bytes.u32();
        inserts.push(await bytes.raw(length));
      }
      left -= inserts.length;
      yield { table, rowCount, inserts, deletes: [] };
    }
  }
}

/** A file's bytes from one place to another, read ahead in chunks. */
class FileBytes {
  readonly #disk: Disk;
  readonly #file: string;
  readonly #end: number;
  #chunk = Buffer.alloc(0);
  /** Where the chunk begins in the file. */
  #chunkAt: number;
  #at = 0;

  constructor(disk: Disk, file: string, start: number, end: number) {
    this.#disk = disk;
    this.#file = file;
    this.#chunkAt = start;
    this.#end = end;
  }

  get position(): number {
    return this.#chunkAt + this.#at;
  }

  async u32(): Promise<number> {
    await this.#need(4);
    this.#at += 4;
    return this.#chunk.readUInt32LE(this.#at - 4);
  }

  async raw(length: number): Promise<Uint8Array> {
    await this.#need(length);
    this.#at += length;
    return this.#chunk.subarray(this.#at - length, this.#at);
  }

  /** Up to `countMax` arrays of bytes, each after its u32 length, as far as they have been read ahead. */
  arrays(countMax: number): Uint8Array[] {
    const { buffer, byteOffset } = this.#chunk;
    const found: Uint8Array[] = [];
    let at = this.#at;
    while (found.length < countMax && at + 4 <= this.#chunk.length) {
      const length = this.#chunk.readUInt32LE(at);
      if (at + 4 + length > this.#chunk.length) break;
      found.push(new Uint8Array(buffer, byteOffset + at + 4, length));
      at += 4 + length;
    }
    this.#at = at;
    return found;
  }

  async #need(length: number): Promise<void> {
    const rest = this.#chunk.subarray(this.#at);
    if (rest.length >= length) return;
    const from = this.#chunkAt + this.#chunk.length;
    const wanted = Math.min(this.#end - from, Math.max(chunkBytes, length - rest.length));
    const part = wanted > 0 ? await this.#disk.readPart(this.#file, from, wanted) : undefined;
    if (part === undefined || rest.length + part.length < length) throw unreadable(this.#file, 'it ends early');
    this.#chunkAt += this.#at;
    this.#chunk = Buffer.concat([rest, part]);
    this.#at = 0;
  }
}

function unreadable(file: string, seen: string): LogRejection {
  return new LogRejection('log-damaged', file, 0, `the snapshot ${file} is damaged: ${seen}`);
}
