import { assert } from '../errors.ts';
import { endsLate } from './error.ts';
import { isPlain, type Shape, shapeOf, skip, validate } from './shape.ts';
import type { ProductType } from './type.ts';

/** How the rows of one product type lie in memory. All offsets are absolute in `bytes`. */
export class Layout {
  readonly type: ProductType;
  /** Bytes of every row, or -1 when they differ. */
  readonly fixedSize: number;
  /** Any bytes of the fixed size are a row. */
  readonly isPlain: boolean;
  readonly #row: Shape;
  readonly #columns: readonly Shape[];
  /** Of each column the distance from the row's start, or -1 when earlier columns decide. */
  readonly #fixedOffsets: Int32Array;
  /** How many leading columns have a fixed offset. */
  readonly #fixedCount: number;

  constructor(type: ProductType) {
    this.type = type;
    this.#row = shapeOf(type);
    this.fixedSize = this.#row.size;
    this.isPlain = isPlain(this.#row);
    this.#columns = type.fields.map((field) => shapeOf(field.type));
    this.#fixedOffsets = new Int32Array(type.fields.length).fill(-1);
    let offset = 0;
    let fixedCount = 0;
    for (const [column, shape] of this.#columns.entries()) {
      if (offset < 0) break;
      this.#fixedOffsets[column] = offset;
      fixedCount += 1;
      offset = shape.size < 0 ? -1 : offset + shape.size;
    }
    this.#fixedCount = fixedCount;
  }

  /** Checks the row that starts at `start` and returns where it ends. @throws DecodeError */
  end(bytes: Uint8Array, start: number, limit: number): number {
    return validate(this.#row, bytes, start, limit);
  }

  /** Checks that `bytes[start, limit)` is exactly one row. @throws DecodeError */
  check(bytes: Uint8Array, start = 0, limit = bytes.length): void {
    const end = validate(this.#row, bytes, start, limit);
    if (end !== limit) throw endsLate(end, limit);
  }

  /** Where a validated row ends. */
  skip(bytes: Uint8Array, start: number): number {
    return skip(this.#row, bytes, start);
  }

  /** The column's distance from the row's start, or -1 when it differs from row to row. */
  fixedOffset(column: number): number {
    const offset = this.#fixedOffsets[column];
    assert(offset !== undefined, `column ${column} of a row of ${this.#columns.length} columns`);
    return offset;
  }

  /** Bytes of every value of the column, or -1 when they differ. */
  columnSize(column: number): number {
    return (this.#columns[column] as Shape).size;
  }

  /** Whether any bytes of the column's size are a value of it. */
  isPlainColumn(column: number): boolean {
    return isPlain(this.#columns[column] as Shape);
  }

  /** Where a column of the validated row at `start` begins; O(1) when all columns before it have a fixed size. */
  columnStart(bytes: Uint8Array, start: number, column: number): number {
    const fixed = this.#fixedOffsets[column] as number;
    if (fixed >= 0) return start + fixed;
    let at = start + (this.#fixedOffsets[this.#fixedCount - 1] as number);
    for (let i = this.#fixedCount - 1; i < column; i++) at = skip(this.#columns[i] as Shape, bytes, at);
    return at;
  }

  /** Where the value of `column` that begins at `columnStart` ends. */
  columnEnd(bytes: Uint8Array, columnStart: number, column: number): number {
    return skip(this.#columns[column] as Shape, bytes, columnStart);
  }

  /** Checks the values of the first `columnCount` columns and returns where they end. @throws DecodeError */
  prefixEnd(bytes: Uint8Array, start: number, limit: number, columnCount: number): number {
    let at = start;
    for (let i = 0; i < columnCount; i++) at = validate(this.#columns[i] as Shape, bytes, at, limit);
    return at;
  }

  /** Checks one value of `column` and returns where it ends. @throws DecodeError */
  valueEnd(bytes: Uint8Array, start: number, limit: number, column: number): number {
    return validate(this.#columns[column] as Shape, bytes, start, limit);
  }
}

const layouts = new WeakMap<ProductType, Layout>();

/** The layout of `type`, computed once for each type object. */
export function layoutOf(type: ProductType): Layout {
  let layout = layouts.get(type);
  if (layout === undefined) {
    layout = new Layout(type);
    layouts.set(type, layout);
  }
  return layout;
}
