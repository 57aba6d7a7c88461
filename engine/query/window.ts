import type { NetRows } from './delta.ts';
import type { RowOrder } from './order.ts';

/** Keep the first `limit` rows, equal rows counted as one. Only equal rows tie. */
export interface RowWindow {
  readonly order: RowOrder;
  readonly limit: number;
}

/** Visits the whole bag. Rows may be views that are valid until the last was visited. */
export type VisitBag = (visit: (row: Uint8Array) => void) => void;

const spareMinDefault = 32;
/** A large bag is read anew only after one in so many of its rows went from its front. */
const rowsPerSpare = 256;

/** The first rows of a bag in an order, kept as the bag changes, with some in reserve for when some of them go. */
export class FirstRows {
  readonly #window: RowWindow;
  /** Called when the reserve is used up. */
  readonly #visitAll: VisitBag;
  readonly #spareMin: number;
  /** The first rows of the bag without gaps, in order, each with how often it occurs. */
  #entries: Entry[] = [];
  /** Whether there are no others. */
  #isAll = true;
  /** How many entries to keep at most: the more, the larger the bag was when it was last read. */
  #entriesMax: number;

  /** @param spareMin how many rows to keep in reserve at least. Default: 32 */
  constructor(window: RowWindow, visitAll: VisitBag, spareMin = spareMinDefault) {
    this.#window = window;
    this.#visitAll = visitAll;
    this.#spareMin = spareMin;
    this.#entriesMax = this.#entriesFor(0);
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
    const smallest = new Smallest(this.#window.order, this.#entriesMax + 1);
    let bagSize = 0;
    this.#visitAll((row) => {
      bagSize += 1;
      smallest.add(row);
    });
    this.#entries = smallest.take();
    this.#isAll = true;
    this.#trim();
    this.#entriesMax = this.#entriesFor(bagSize);
  }

  #trim(): void {
    if (this.#entries.length <= this.#entriesMax) return;
    this.#entries.length = this.#entriesMax;
    this.#isAll = false;
  }

  #entriesFor(bagSize: number): number {
    const { limit } = this.#window;
    return limit === 0 ? 0 : limit + Math.max(limit, this.#spareMin, Math.floor(bagSize / rowsPerSpare));
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

const batchMin = 1024;

/** Finds the first distinct rows of many without sorting all of them. */
class Smallest {
  readonly #order: RowOrder;
  readonly #countMax: number;
  #entries: Entry[] = [];
  #batch: Uint8Array[] = [];
  /** Rows behind this one are of no use. */
  #bound: Uint8Array | undefined;

  constructor(order: RowOrder, countMax: number) {
    this.#order = order;
    this.#countMax = countMax;
  }

  add(row: Uint8Array): void {
    if (this.#bound !== undefined && this.#order(row, this.#bound) > 0) return;
    this.#batch.push(row);
    if (this.#batch.length >= Math.max(batchMin, this.#countMax)) this.#merge();
  }

  /** @returns copies, in order, each with how often it was added */
  take(): Entry[] {
    this.#merge();
    return this.#entries.map(({ row, count }) => ({ row: new Uint8Array(row), count }));
  }

  #merge(): void {
    const order = this.#order;
    const all = [...this.#entries, ...this.#batch.map((row): Entry => ({ row, count: 1 }))];
    this.#batch = [];
    this.#entries = [];
    for (const entry of all.sort((a, b) => order(a.row, b.row))) {
      const last = this.#entries.at(-1);
      if (last !== undefined && order(last.row, entry.row) === 0) last.count += entry.count;
      else if (this.#entries.length === this.#countMax) break;
      else this.#entries.push(entry);
    }
    if (this.#entries.length === this.#countMax) this.#bound = this.#entries.at(-1)?.row;
  }
}
