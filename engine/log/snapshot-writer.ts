import { createHash, type Hash } from 'node:crypto';
import { Writer } from '../bsatn/writer.ts';
import { assert } from '../errors.ts';
import type { AppendFile, Disk } from '../host/disk.ts';
import type { SequencePosition } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import type { LogPoint } from './recover.ts';
import { magic, snapshotName, version } from './snapshot.ts';

// FORMAT.md describes what is written here.

/** So much is made durable at once: a write of the log waits for no more than that. */
const chunkBytes = 256 * 1024;

export interface SnapshotHead extends LogPoint {
  readonly sequences: readonly SequencePosition[];
  /** How many tables have rows. */
  readonly tableCount: number;
}

/** A snapshot on its way to the disk, in pieces. Until it is finished it has another name, so that no start reads it. */
export class SnapshotWriter {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #draft: AppendFile;
  readonly #hash: Hash = createHash('sha256');
  readonly #writer = new Writer(chunkBytes + 4096);
  /** Rows of the table that was begun last which have not come yet. */
  #missingCount = 0;

  private constructor(disk: Disk, path: string, draft: AppendFile) {
    this.#disk = disk;
    this.#path = path;
    this.#draft = draft;
  }

  static async begin(disk: Disk, directory: string, head: SnapshotHead): Promise<SnapshotWriter> {
    const path = `${directory}/${snapshotName(head.nextOffset)}`;
    await disk.remove(draftOf(path));
    const snapshot = new SnapshotWriter(disk, path, await disk.openAppend(draftOf(path)));
    const writer = snapshot.#writer;
    writer.raw(Buffer.from(magic));
    writer.u32(version);
    writer.u64(BigInt(head.nextOffset));
    writer.raw(head.chain);
    writer.u32(head.sequences.length);
    for (const { table, column, next } of head.sequences) {
      writer.u32(table);
      writer.u32(column);
      writer.string(String(next));
    }
    writer.u32(head.tableCount);
    return snapshot;
  }

  /** Begins the next table: tables come in ascending id. */
  table(id: TableId, rowCount: number): void {
    this.#assertWhole();
    this.#missingCount = rowCount;
    this.#writer.u32(id);
    this.#writer.u32(rowCount);
  }

  async rows(rows: Iterable<Uint8Array>): Promise<void> {
    for (const row of rows) {
      this.#writer.byteArray(row);
      this.#missingCount -= 1;
      if (this.#writer.length >= chunkBytes) await this.#flush();
    }
  }

  /** Gives the snapshot its name. @returns its file */
  async finish(): Promise<string> {
    this.#assertWhole();
    await this.#flush();
    await this.#draft.append(this.#hash.digest());
    await this.#draft.close();
    await this.#disk.rename(draftOf(this.#path), this.#path);
    return this.#path;
  }

  /** Leaves nothing of it. */
  async discard(): Promise<void> {
    await this.#draft.close();
    await this.#disk.remove(draftOf(this.#path));
  }

  #assertWhole(): void {
    assert(this.#missingCount === 0, `a table of ${this.#path} was given ${-this.#missingCount} rows more than it has`);
  }

  async #flush(): Promise<void> {
    const bytes = this.#writer.view();
    this.#hash.update(bytes);
    await this.#draft.append(bytes);
    this.#writer.reset();
  }
}

/** Whether a file is what an interruption left of a snapshot. */
export function isDraft(name: string): boolean {
  return name.endsWith('.snapshot.new');
}

function draftOf(path: string): string {
  return `${path}.new`;
}
