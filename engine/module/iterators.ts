import type { RowHandle, TableReader } from '../store/contract.ts';
import { BufferTooSmall, code, SyscallFailure } from './failure.ts';

interface RowIterator {
  readonly reader: TableReader;
  readonly handles: readonly RowHandle[];
  next: number;
}

const idMax = 0x7fff_ffff;

/**
 * The row iterators of one call. A handle names the same bytes to the end of its transaction, so that keeping the
 * handles of the moment of the scan is keeping a snapshot.
 */
export class RowIterators {
  readonly #open = new Map<number, RowIterator>();
  /** Counts on from call to call, so that an iterator kept too long does not meet another one. */
  #lastId = 0;
  /** An iterator over at most one row, as made by every `find` and used up at once. 0: none. */
  #oneId = 0;
  #oneReader: TableReader | undefined;
  #oneHandle: RowHandle = -1;

  add(reader: TableReader, handles: readonly RowHandle[]): number {
    const id = this.#newId();
    this.#open.set(id, { reader, handles, next: 0 });
    return id;
  }

  /** `handle` is -1 for no row. */
  addOne(reader: TableReader, handle: RowHandle): number {
    if (this.#oneId !== 0) return this.add(reader, handle < 0 ? [] : [handle]);
    this.#oneId = this.#newId();
    this.#oneReader = reader;
    this.#oneHandle = handle;
    return this.#oneId;
  }

  /**
   * Copies as many whole rows as fit to the start of `target`. A positive result is their bytes, with more to come; a
   * negative or zero one means that the iterator is exhausted and gone.
   */
  advance(id: number, target: Uint8Array): number {
    if (id === this.#oneId && id !== 0) return this.#advanceOne(target);
    const iterator = this.#open.get(id);
    if (iterator === undefined) throw new SyscallFailure(code.noSuchIter);
    const { reader, handles } = iterator;
    let filled = 0;
    for (; iterator.next < handles.length; iterator.next++) {
      const handle = handles[iterator.next] as RowHandle;
      const length = reader.rowLength(handle);
      if (filled + length > target.length) {
        if (filled === 0) throw new BufferTooSmall(length);
        return filled;
      }
      filled += reader.copyRow(handle, target, filled);
    }
    this.#open.delete(id);
    return filled === 0 ? 0 : -filled;
  }

  close(id: number): void {
    if (id === this.#oneId && id !== 0) this.#oneId = 0;
    else if (!this.#open.delete(id)) throw new SyscallFailure(code.noSuchIter);
  }

  /** Drops every iterator, as at the end of a call. */
  clear(): void {
    this.#oneId = 0;
    if (this.#open.size > 0) this.#open.clear();
  }

  #advanceOne(target: Uint8Array): number {
    const handle = this.#oneHandle;
    if (this.#oneReader === undefined || handle < 0) {
      this.#oneId = 0;
      return 0;
    }
    const length = this.#oneReader.rowLength(handle);
    if (length > target.length) throw new BufferTooSmall(length);
    this.#oneReader.copyRow(handle, target, 0);
    this.#oneId = 0;
    return length === 0 ? 0 : -length;
  }

  #newId(): number {
    this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    return this.#lastId;
  }
}
