import { hashBytes } from './bytes.ts';
import type { RowHandle } from './contract.ts';
import { HashMap } from './hash-map.ts';
import type { Heap } from './heap.ts';

/** Rows found by all of their bytes. No two are equal. */
export class RowSet {
  readonly #heap: Heap;
  readonly #map = new HashMap();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get bytes(): number {
    return this.#map.bytes;
  }

  /** The row that equals the one at `handle`, or -1. */
  findEqual(handle: RowHandle): RowHandle {
    const hash = this.#hashOf(handle);
    for (let slot = this.#map.first(hash); slot >= 0; slot = this.#map.next(hash, slot)) {
      const found = this.#map.handleAt(slot);
      if (this.#heap.isEqual(found, handle)) return found;
    }
    return -1;
  }

  /** The row that equals `row`, or -1. */
  find(row: Uint8Array): RowHandle {
    const hash = hashBytes(row, 0, row.length);
    for (let slot = this.#map.first(hash); slot >= 0; slot = this.#map.next(hash, slot)) {
      const found = this.#map.handleAt(slot);
      if (this.#heap.equals(found, row)) return found;
    }
    return -1;
  }

  add(handle: RowHandle): void {
    this.#map.add(this.#hashOf(handle), handle);
  }

  remove(handle: RowHandle): void {
    this.#map.removeAt(this.#map.slotOf(this.#hashOf(handle), handle));
  }

  clear(): void {
    this.#map.clear();
  }

  #hashOf(handle: RowHandle): number {
    const start = this.#heap.start(handle);
    return hashBytes(this.#heap.page(handle), start, start + this.#heap.length(handle));
  }
}
