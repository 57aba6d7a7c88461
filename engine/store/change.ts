import type { Writer } from '../bsatn/writer.ts';
import type { RowHandle, TableChange } from './contract.ts';
import type { TableId } from './definition.ts';
import type { Heap } from './heap.ts';

/**
 * A change of rows that are in a heap. Views of them are made only for whoever asks, because most commits are only
 * measured and written to the log.
 */
export class HeapChange implements TableChange {
  readonly table: TableId;
  readonly #heap: Heap;
  readonly #inserted: readonly RowHandle[];
  readonly #deleted: readonly RowHandle[];
  #inserts: readonly Uint8Array[] | undefined;
  #deletes: readonly Uint8Array[] | undefined;

  constructor(table: TableId, heap: Heap, inserted: readonly RowHandle[], deleted: readonly RowHandle[]) {
    this.table = table;
    this.#heap = heap;
    this.#inserted = inserted;
    this.#deleted = deleted;
  }

  get inserts(): readonly Uint8Array[] {
    this.#inserts ??= this.#inserted.map((handle) => this.#heap.row(handle));
    return this.#inserts;
  }

  get deletes(): readonly Uint8Array[] {
    this.#deletes ??= this.#deleted.map((handle) => this.#heap.row(handle));
    return this.#deletes;
  }

  /** The row that was inserted last. */
  get lastInsert(): Uint8Array | undefined {
    const handle = this.#inserted.at(-1);
    return handle === undefined ? undefined : this.#heap.row(handle);
  }

  get insertCount(): number {
    return this.#inserted.length;
  }

  get deleteCount(): number {
    return this.#deleted.length;
  }

  get insertedBytes(): number {
    return this.#bytesOf(this.#inserted);
  }

  get deletedBytes(): number {
    return this.#bytesOf(this.#deleted);
  }

  /** Writes every row, the inserted ones first. */
  write(writer: Writer): void {
    this.#write(writer, this.#inserted);
    this.#write(writer, this.#deleted);
  }

  #bytesOf(handles: readonly RowHandle[]): number {
    let bytes = 0;
    for (let i = 0; i < handles.length; i++) bytes += this.#heap.length(handles[i] as RowHandle);
    return bytes;
  }

  #write(writer: Writer, handles: readonly RowHandle[]): void {
    const heap = this.#heap;
    for (let i = 0; i < handles.length; i++) {
      const handle = handles[i] as RowHandle;
      writer.byteArrayOf(heap.page(handle), heap.start(handle), heap.length(handle));
    }
  }
}
