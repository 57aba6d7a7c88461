import type { RowHandle } from './contract.ts';
import { Handles } from './handles.ts';
import { type Heap, live } from './heap.ts';
import { RowSet } from './row-set.ts';

/** Up to so many are searched one by one for an equal row. */
const searchedMax = 8;

/** The committed rows that the open transaction has deleted; those that it inserted again are `live`. */
export class Deletions extends Handles {
  readonly #heap: Heap;
  /** The first `#setCount` of them, once they are many. */
  readonly #set: RowSet;
  #setCount = 0;

  constructor(heap: Heap) {
    super();
    this.#heap = heap;
    this.#set = new RowSet(heap);
  }

  /** The deleted row that equals the one at `handle`, or -1. */
  findEqual(handle: RowHandle): RowHandle {
    if (this.length <= searchedMax) {
      for (let i = 0; i < this.length; i++) {
        const other = this.at(i);
        if (this.#heap.isEqual(other, handle) && (this.#heap.state(other) & live) === 0) return other;
      }
      return -1;
    }
    while (this.#setCount < this.length) this.#set.add(this.at(this.#setCount++));
    const found = this.#set.findEqual(handle);
    return found >= 0 && (this.#heap.state(found) & live) === 0 ? found : -1;
  }

  override clear(): void {
    super.clear();
    this.#setCount = 0;
    this.#set.clear();
  }
}
