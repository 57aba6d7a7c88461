import { copyBytes, equalBytes } from './bytes.ts';
import type { RowHandle } from './contract.ts';

/** A row's life inside transactions, as bits of its slot. A slot without any holds no row. */
export const live = 1;
/** Stored before the open transaction. */
export const committed = 2;
/** Already noted among the open transaction's deletes, even if since revived. */
export const noted = 4;

const pageBytesMin = 16 * 1024;
const pageBytesMax = 1024 * 1024;
/** A bigger row has a page of its own. */
const sharedRowBytesMax = pageBytesMax / 4;

const slotWords = 4;
const pageWord = 0;
const startWord = 1;
const lengthWord = 2;
const stateWord = 3;
const none = 0xffff_ffff;

/**
 * Rows as bytes in pages, found by handle. A handle keeps its piece of a page for ever; a freed one is given again only
 * to a row of the same size class. There is no object for a row.
 */
export class Heap {
  #slots = new Uint32Array(16 * slotWords);
  #handleCount = 0;
  #pages: Buffer[] = [];
  #pageUsedBytes = 0;
  #openPage = -1;
  #nextPageBytes = pageBytesMin;
  readonly #freePages: number[] = [];
  /** By size class the first free handle; the others follow through the length words of the free slots. */
  readonly #free: number[] = [];
  /** Free handles that have lost the page they had to themselves. */
  #freeBare = none;
  #rowBytes = 0;
  #heapBytes = 0;

  /** Every handle ever given is below. */
  get handleCount(): number {
    return this.#handleCount;
  }

  /** Bytes of all rows that have not been freed. */
  get rowBytes(): number {
    return this.#rowBytes;
  }

  /** Bytes taken for pages and slots. */
  get heapBytes(): number {
    return this.#heapBytes + this.#slots.byteLength;
  }

  page(handle: RowHandle): Buffer {
    return this.#pages[this.#slots[handle * slotWords + pageWord] as number] as Buffer;
  }

  start(handle: RowHandle): number {
    return this.#slots[handle * slotWords + startWord] as number;
  }

  length(handle: RowHandle): number {
    return this.#slots[handle * slotWords + lengthWord] as number;
  }

  state(handle: RowHandle): number {
    return this.#slots[handle * slotWords + stateWord] as number;
  }

  setState(handle: RowHandle, state: number): void {
    this.#slots[handle * slotWords + stateWord] = state;
  }

  /** A view of the row. */
  row(handle: RowHandle): Uint8Array {
    const page = this.page(handle);
    // A Buffer's own subarray takes twice as long.
    return new Uint8Array(page.buffer, page.byteOffset + this.start(handle), this.length(handle));
  }

  /** Copies the row into `target` at `at` and returns its length. */
  copy(handle: RowHandle, target: Uint8Array, at: number): number {
    const length = this.length(handle);
    copyBytes(this.page(handle), this.start(handle), length, target, at);
    return length;
  }

  isEqual(a: RowHandle, b: RowHandle): boolean {
    const length = this.length(a);
    return length === this.length(b) && equalBytes(this.page(a), this.start(a), this.page(b), this.start(b), length);
  }

  equals(handle: RowHandle, row: Uint8Array): boolean {
    const length = this.length(handle);
    return length === row.length && equalBytes(this.page(handle), this.start(handle), row, 0, length);
  }

  /** Stores a copy of `row` with no state. */
  add(row: Uint8Array): RowHandle {
    const handle = this.#allocate(row.length);
    this.#rowBytes += row.length;
    const slot = handle * slotWords;
    this.#slots[slot + lengthWord] = row.length;
    this.#slots[slot + stateWord] = 0;
    const page = this.page(handle);
    const start = this.start(handle);
    if (row.length <= 64) {
      for (let i = 0; i < row.length; i++) page[start + i] = row[i] as number;
    } else {
      page.set(row, start);
    }
    return handle;
  }

  free(handle: RowHandle): void {
    const slot = handle * slotWords;
    const length = this.#slots[slot + lengthWord] as number;
    this.#rowBytes -= length;
    this.#slots[slot + stateWord] = 0;
    if (length > sharedRowBytesMax) {
      const page = this.#slots[slot + pageWord] as number;
      this.#heapBytes -= (this.#pages[page] as Buffer).length;
      this.#pages[page] = emptyPage;
      this.#freePages.push(page);
      this.#slots[slot + lengthWord] = this.#freeBare;
      this.#freeBare = handle;
    } else {
      const sizeClass = sizeClassOf(length);
      this.#slots[slot + lengthWord] = this.#free[sizeClass] ?? none;
      this.#free[sizeClass] = handle;
    }
  }

  #allocate(length: number): RowHandle {
    if (length > sharedRowBytesMax) {
      const handle = this.#bareHandle();
      this.#place(handle, this.#addPage(length), 0);
      return handle;
    }
    const sizeClass = sizeClassOf(length);
    const reused = this.#free[sizeClass] ?? none;
    if (reused !== none) {
      this.#free[sizeClass] = this.#slots[reused * slotWords + lengthWord] as number;
      return reused;
    }
    const capacity = capacityOf(sizeClass);
    const openPage = this.#pages[this.#openPage];
    if (openPage === undefined || this.#pageUsedBytes + capacity > openPage.length) {
      while (this.#nextPageBytes < capacity) this.#nextPageBytes *= 2;
      this.#openPage = this.#addPage(this.#nextPageBytes);
      this.#nextPageBytes = Math.min(this.#nextPageBytes * 2, pageBytesMax);
      this.#pageUsedBytes = 0;
    }
    const handle = this.#bareHandle();
    this.#place(handle, this.#openPage, this.#pageUsedBytes);
    this.#pageUsedBytes += capacity;
    return handle;
  }

  #bareHandle(): RowHandle {
    const reused = this.#freeBare;
    if (reused !== none) {
      this.#freeBare = this.#slots[reused * slotWords + lengthWord] as number;
      return reused;
    }
    const handle = this.#handleCount++;
    if (this.#handleCount * slotWords > this.#slots.length) {
      const grown = new Uint32Array(this.#slots.length * 2);
      grown.set(this.#slots);
      this.#slots = grown;
    }
    return handle;
  }

  #place(handle: RowHandle, page: number, start: number): void {
    this.#slots[handle * slotWords + pageWord] = page;
    this.#slots[handle * slotWords + startWord] = start;
  }

  #addPage(bytes: number): number {
    const page = this.#freePages.pop() ?? this.#pages.length;
    this.#pages[page] = Buffer.allocUnsafeSlow(bytes);
    this.#heapBytes += bytes;
    return page;
  }
}

const emptyPage = Buffer.alloc(0);

/** Steps of 8 bytes up to 128, above that eight steps a doubling, so that at most an eighth is wasted. */
function sizeClassOf(length: number): number {
  if (length <= 128) return (length + 7) >> 3;
  const doubling = 31 - Math.clz32(length - 1);
  return 17 + (doubling - 7) * 8 + (((length - 1) >> (doubling - 3)) & 7);
}

function capacityOf(sizeClass: number): number {
  if (sizeClass <= 16) return sizeClass * 8;
  const step = sizeClass - 17;
  return (9 + (step & 7)) << ((step >> 3) + 4);
}
