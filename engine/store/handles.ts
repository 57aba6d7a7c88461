import type { RowHandle } from './contract.ts';

/** A longer list gives its room back when it is emptied. */
const keptLengthMax = 1024;

/** A list of handles that keeps its room when it is emptied, because every transaction fills it again. */
export class Handles {
  #items: RowHandle[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(position: number): RowHandle {
    return this.#items[position] as RowHandle;
  }

  push(handle: RowHandle): void {
    this.#items[this.#length++] = handle;
  }

  clear(): void {
    if (this.#items.length > keptLengthMax) this.#items = [];
    this.#length = 0;
  }
}
