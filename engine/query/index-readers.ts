import { compareKeys, compileKey, type Key, type KeyCodec } from '../bsatn/key.ts';
import { layoutOf } from '../bsatn/layout.ts';
import type { ProductType } from '../bsatn/type.ts';
import type { IndexDef } from '../store/definition.ts';
import type { RangeRead } from './contract.ts';
import { type Interval, Intervals } from './intervals.ts';
import { columnsKey, keyOf } from './value.ts';

/** Who read which keys and ranges of one index. */
export class IndexReaders<Reader> {
  readonly #pointOfRow: (row: Uint8Array) => string;
  readonly #codec: KeyCodec;
  readonly #points = new Map<string, Set<Reader>>();
  readonly #ranges = new Intervals<Key, Reader>(compareKeys);

  constructor(row: ProductType, { columns }: IndexDef) {
    const layout = layoutOf(row);
    this.#pointOfRow = columnsKey(layout, columns);
    this.#codec = compileKey(layout, columns);
  }

  get isEmpty(): boolean {
    return this.#points.size === 0 && this.#ranges.isEmpty;
  }

  addPoint(key: Uint8Array, reader: Reader): void {
    const name = keyOf(key);
    const readers = this.#points.get(name);
    if (readers) readers.add(reader);
    else this.#points.set(name, new Set([reader]));
  }

  removePoint(key: Uint8Array, reader: Reader): void {
    const name = keyOf(key);
    const readers = this.#points.get(name);
    readers?.delete(reader);
    if (readers?.size === 0) this.#points.delete(name);
  }

  addRange(range: RangeRead, reader: Reader): void {
    this.#ranges.add(this.#intervalOf(range), reader);
  }

  removeRange(range: RangeRead, reader: Reader): void {
    this.#ranges.remove(this.#intervalOf(range), reader);
  }

  /** Adds to `found` those who read a key or a range that the row is in. */
  collect(row: Uint8Array, found: Set<Reader>): void {
    if (this.#points.size > 0) for (const reader of this.#points.get(this.#pointOfRow(row)) ?? []) found.add(reader);
    if (!this.#ranges.isEmpty) this.#ranges.at(this.#codec.fromRow(row, 0), (reader) => found.add(reader).size > 0);
  }

  #intervalOf({ prefix, prefixColumns, start, end }: RangeRead): Interval<Key> {
    const { lower, lowerInclusive, upper, upperInclusive } = this.#codec.range(prefix, prefixColumns, start, end);
    const endAt = (value: Key | undefined, isIncluded: boolean): Interval<Key>['lower'] => {
      return value === undefined ? { kind: 'unbounded' } : { kind: isIncluded ? 'included' : 'excluded', value };
    };
    return { lower: endAt(lower, lowerInclusive), upper: endAt(upper, upperInclusive) };
  }
}
