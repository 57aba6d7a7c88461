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
  #nextId = 1;
  /** The iterator with id `#base + i` is at `i`. Ids are never used again, so that one kept too long hits nothing. */
  #base = 1;
  #live = 0;
  readonly #open: (RowIterator | undefined)[] = [];

  add(reader: TableReader, handles: readonly RowHandle[]): number {
    if (this.#live === 0) this.clear();
    this.#live++;
    this.#open.push({ reader, handles, next: 0 });
    return this.#nextId++;
  }

  /**
   * Copies as many whole rows as fit to the start of `target`. A positive result is their bytes, with more to come; a
   * negative or zero one means that the iterator is exhausted and gone.
   */
  advance(id: number, target: Uint8Array): number {
    const iterator = this.#open[id - this.#base];
    if (iterator === undefined) throw new SyscallFailure(code.noSuchIter);
    const { reader, handles } = iterator;
    let filled = 0;
    let next = iterator.next;
    for (; next < handles.length; next++) {
      const row = reader.row(handles[next] as RowHandle);
      if (filled + row.length > target.length) {
        if (filled === 0) throw new BufferTooSmall(row.length);
        iterator.next = next;
        return filled;
      }
      target.set(row, filled);
      filled += row.length;
    }
    this.#remove(id);
    return filled === 0 ? 0 : -filled;
  }

  close(id: number): void {
    if (this.#open[id - this.#base] === undefined) throw new SyscallFailure(code.noSuchIter);
    this.#remove(id);
  }

  /** Drops every iterator, as at the end of a call. */
  clear(): void {
    this.#live = 0;
    this.#open.length = 0;
    if (this.#nextId > idMax) this.#nextId = 1;
    this.#base = this.#nextId;
  }

  #remove(id: number): void {
    this.#open[id - this.#base] = undefined;
    this.#live--;
  }
}
