import type { Layout } from '../bsatn/layout.ts';
import { equalBytes } from './bytes.ts';

/**
 * Where the key of an index lies in a row: the concatenated BSATN of its columns. A value has exactly one BSATN, so
 * equal keys are equal bytes, and no key needs to be built to be found.
 */
export class KeyColumns {
  /** The key that `locate` found last. */
  bytes: Uint8Array = new Uint8Array();
  start = 0;
  end = 0;
  readonly #layout: Layout;
  readonly #columns: readonly number[];
  /** The columns are neighbours in the row, in their order. */
  readonly #isRun: boolean;
  /** Of a run, when they are the same for every row; else -1. */
  readonly #fixedOffset: number;
  readonly #fixedSize: number;
  #scratch = Buffer.allocUnsafe(64);

  constructor(layout: Layout, columns: readonly number[]) {
    const [first = 0] = columns;
    this.#layout = layout;
    this.#columns = columns;
    this.#isRun = columns.every((column, i) => column === first + i);
    const sizes = columns.map((column) => layout.columnSize(column));
    this.#fixedOffset = this.#isRun ? layout.fixedOffset(first) : -1;
    this.#fixedSize = this.#isRun && sizes.every((size) => size >= 0) ? sizes.reduce((sum, size) => sum + size, 0) : -1;
  }

  /** Finds the key of the row at `rowStart`: valid until the next call. */
  locate(page: Uint8Array, rowStart: number): void {
    if (this.#isRun) {
      this.bytes = page;
      this.start = this.#runStart(page, rowStart);
      this.end = this.#runEnd(page, this.start);
    } else {
      this.#gather(page, rowStart);
    }
  }

  /** Whether the key of the row at `rowStart` is `bytes[start, end)`. */
  isKeyOf(page: Uint8Array, rowStart: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isRun) {
      const at = this.#runStart(page, rowStart);
      const length = this.#runEnd(page, at) - at;
      return length === end - start && equalBytes(page, at, bytes, start, length);
    }
    let at = start;
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i] as number;
      const columnStart = this.#layout.columnStart(page, rowStart, column);
      const length = this.#layout.columnEnd(page, columnStart, column) - columnStart;
      if (at + length > end || !equalBytes(page, columnStart, bytes, at, length)) return false;
      at += length;
    }
    return at === end;
  }

  #runStart(page: Uint8Array, rowStart: number): number {
    return this.#fixedOffset >= 0
      ? rowStart + this.#fixedOffset
      : this.#layout.columnStart(page, rowStart, this.#columns[0] as number);
  }

  #runEnd(page: Uint8Array, start: number): number {
    if (this.#fixedSize >= 0) return start + this.#fixedSize;
    let at = start;
    for (let i = 0; i < this.#columns.length; i++) {
      at = this.#layout.columnEnd(page, at, this.#columns[i] as number);
    }
    return at;
  }

  #gather(page: Uint8Array, rowStart: number): void {
    let length = 0;
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i] as number;
      const columnStart = this.#layout.columnStart(page, rowStart, column);
      const columnEnd = this.#layout.columnEnd(page, columnStart, column);
      length += columnEnd - columnStart;
      if (length > this.#scratch.length) {
        this.#scratch = Buffer.concat([this.#scratch], Math.max(length, this.#scratch.length * 2));
      }
      this.#scratch.set(page.subarray(columnStart, columnEnd), length - (columnEnd - columnStart));
    }
    this.bytes = this.#scratch;
    this.start = 0;
    this.end = length;
  }
}
