import type { NetRows } from './delta.ts';
import type { RowOrder } from './order.ts';

/** Keep the first `limit` rows, equal rows counted as one. Only equal rows tie. */
export interface RowWindow {
  readonly order: RowOrder;
  readonly limit: number;
}

/** The first rows of a bag in an order, kept as the bag changes, with as many in reserve for when some of them go. */
export class FirstRows {
  readonly #window: RowWindow;
  /** Reads the whole bag. Called when the reserve is used up. */
  readonly #readAll: () => readonly Uint8Array[];
  /** The first rows of the bag without gaps, in order, each with how often it occurs. */
  #entries: Entry[] = [];
  /** Whether there are no others. */
  #isAll = true;

  constructor(window: RowWindow, readAll: () => readonly Uint8Array[]) {
    this.#window = window;
    this.#readAll = readAll;
    this.#refill();
  }

  get rows(): readonly Uint8Array[] {
    return this.#entries.slice(0, this.#window.limit).map(({ row }) => row);
  }

  /** Takes over a change of the bag. @returns the change of `rows` */
  apply({ inserts, deletes }: NetRows): NetRows {
    const before = this.rows;
    for (const row of deletes) this.#delete(row);
    for (const row of inserts) this.#insert(row);
    if (this.#entries.length < this.#window.limit && !this.#isAll) this.#refill();
    this.#trim();
    return this.#difference(before, this.rows);
  }

  #delete(row: Uint8Array): void {
    const position = this.#position(row);
    const entry = this.#entries[position];
    if (entry === undefined || this.#window.order(entry.row, row) !== 0) return;
    entry.count -= 1;
    if (entry.count === 0) this.#entries.splice(position, 1);
  }

  #insert(row: Uint8Array): void {
    const position = this.#position(row);
    const entry = this.#entries[position];
    // Behind the last kept row there may be others that come before this one.
    if (entry === undefined && !this.#isAll) return;
    if (entry !== undefined && this.#window.order(entry.row, row) === 0) entry.count += 1;
    else this.#entries.splice(position, 0, { row: new Uint8Array(row), count: 1 });
  }

  #refill(): void {
    const { order } = this.#window;
    this.#entries = [];
    for (const row of this.#readAll().toSorted(order)) {
      const last = this.#entries.at(-1);
      if (last !== undefined && order(last.row, row) === 0) last.count += 1;
      else if (this.#entries.length > this.#reserve) break;
      else this.#entries.push({ row: new Uint8Array(row), count: 1 });
    }
    this.#isAll = true;
    this.#trim();
  }

  #trim(): void {
    if (this.#entries.length <= this.#reserve) return;
    this.#entries.length = this.#reserve;
    this.#isAll = false;
  }

  get #reserve(): number {
    return 2 * this.#window.limit;
  }

  /** Where `row` is or would be. */
  #position(row: Uint8Array): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#window.order((this.#entries[middle] as Entry).row, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #difference(before: readonly Uint8Array[], after: readonly Uint8Array[]): NetRows {
    const inserts: Uint8Array[] = [];
    const deletes: Uint8Array[] = [];
    let i = 0;
    let j = 0;
    while (i < before.length || j < after.length) {
      const old = before[i];
      const now = after[j];
      const order = old === undefined ? 1 : now === undefined ? -1 : this.#window.order(old, now);
      if (order < 0) deletes.push(old as Uint8Array);
      if (order > 0) inserts.push(now as Uint8Array);
      if (order <= 0) i += 1;
      if (order >= 0) j += 1;
    }
    return { inserts, deletes };
  }
}

interface Entry {
  readonly row: Uint8Array;
  count: number;
}
