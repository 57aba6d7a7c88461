import { endsLate } from '../bsatn/error.ts';
import { compileKey, type KeyCodec } from '../bsatn/key.ts';
import type { Layout } from '../bsatn/layout.ts';
import type { Bound, RowHandle } from './contract.ts';
import type { IndexDef } from './definition.ts';
import { HashIndex } from './hash-index.ts';
import type { Heap } from './heap.ts';
import { KeyColumns } from './key-columns.ts';
import { OrderedIndex } from './ordered-index.ts';

/** One index: by hash from the start, in order from the first range scan on. */
export class TableIndex {
  readonly def: IndexDef;
  readonly hash: HashIndex;
  /** A key of this length needs no checking; -1 when every key does. */
  readonly plainKeyBytes: number;
  readonly #heap: Heap;
  readonly #layout: Layout;
  readonly #codec: KeyCodec;
  #ordered: OrderedIndex | undefined;

  constructor(def: IndexDef, layout: Layout, heap: Heap) {
    this.def = def;
    this.hash = new HashIndex(heap, new KeyColumns(layout, def.columns), def.isUnique);
    this.#heap = heap;
    this.#layout = layout;
    this.plainKeyBytes = def.columns.every((column) => layout.isPlainColumn(column))
      ? def.columns.reduce((sum, column) => sum + layout.columnSize(column), 0)
      : -1;
    this.#codec = compileKey(layout, def.columns);
  }

  get bytes(): number {
    return this.hash.bytes + (this.#ordered?.bytes ?? 0);
  }

  /** @throws DecodeError */
  checkKey(key: Uint8Array): void {
    let at = 0;
    for (let i = 0; i < this.def.columns.length; i++) {
      at = this.#layout.valueEnd(key, at, key.length, this.def.columns[i] as number);
    }
    if (at !== key.length) throw endsLate(at, key.length);
  }

  add(handle: RowHandle): void {
    this.hash.add(handle);
    this.#ordered?.add(this.#keyOf(handle), handle);
  }

  /** Adds the row that `hash.probe` was asked about last. */
  addProbed(handle: RowHandle): void {
    this.hash.addProbed(handle);
    this.#ordered?.add(this.#keyOf(handle), handle);
  }

  remove(handle: RowHandle): void {
    this.hash.remove(handle);
    this.#ordered?.remove(this.#keyOf(handle), handle);
  }

  /**
   * Puts a row in the place of another, whatever their keys. A unique index must have been probed for `handle` since its
   * last change, and have found `old` or nothing.
   */
  replaceProbed(old: RowHandle, handle: RowHandle): void {
    if (!this.def.isUnique) this.hash.probe(handle);
    this.hash.replaceProbed(old, handle);
    if (this.#ordered !== undefined) {
      this.#ordered.remove(this.#keyOf(old), old);
      this.#ordered.add(this.#keyOf(handle), handle);
    }
  }

  /** @throws DecodeError */
  range(
    prefix: Uint8Array,
    prefixColumns: number,
    start: Bound,
    end: Bound,
    rows: () => readonly RowHandle[],
  ): RowHandle[] {
    const range = this.#codec.range(prefix, prefixColumns, start, end);
    this.#ordered ??= new OrderedIndex(rows(), (handle) => this.#keyOf(handle));
    return this.#ordered.collect(range);
  }

  #keyOf(handle: RowHandle) {
    return this.#codec.fromRow(this.#heap.page(handle), this.#heap.start(handle));
  }
}
