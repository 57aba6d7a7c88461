import { DecodeError } from '../bsatn/error.ts';
import { type Layout, layoutOf } from '../bsatn/layout.ts';
import { assert } from '../errors.ts';
import type { Meter } from './budget.ts';
import { HeapChange } from './change.ts';
import type { Bound, RowHandle, TableReader } from './contract.ts';
import type { IndexId, TableDef } from './definition.ts';
import { Deletions } from './deletions.ts';
import { Handles } from './handles.ts';
import { committed, Heap, live, noted } from './heap.ts';
import { StoreRejection } from './rejection.ts';
import { RowSet } from './row-set.ts';
import { TableIndex } from './table-index.ts';
import { TableSequences } from './table-sequences.ts';

/** About what a row costs beside its bytes: its slot and the rest of its place, and its entry in each index. */
const slotBytes = 32;
const entryBytes = 28;

/**
 * One table. Its indexes always show what the open transaction sees: rows that it deleted keep their place in the heap,
 * outside the indexes, until the transaction after it begins.
 */
export class Table implements TableReader {
  readonly def: TableDef;
  readonly layout: Layout;
  readonly indexes: readonly TableIndex[];
  readonly sequences: TableSequences;
  readonly #heap = new Heap();
  /** Finds equal rows: the first unique index, whose key equal rows share, or else all rows by their bytes. */
  readonly #identity: TableIndex | undefined;
  readonly #rows: RowSet | undefined;
  readonly #meter: Meter;
  /** What a row costs beside its bytes. */
  readonly #rowCost: number;
  #rowCount = 0;
  /** Bytes of the rows that can be seen. */
  #visibleBytes = 0;
  /** The open transaction's inserts in order; the ones that it deleted again have lost `live`. */
  readonly #inserted = new Handles();
  readonly #deleted = new Deletions(this.#heap);
  /** Handles of rows that are gone, to be freed when the next transaction begins. */
  readonly #gone = new Handles();

  constructor(def: TableDef, meter: Meter) {
    this.def = def;
    this.#meter = meter;
    this.#rowCost = slotBytes + entryBytes * Math.max(1, def.indexes.length);
    this.layout = layoutOf(def.row);
    this.indexes = def.indexes.map((index) => new TableIndex(index, this.layout, this.#heap));
    this.sequences = new TableSequences(def, this.layout, this.#heap);
    this.#identity = this.indexes.find((index) => index.def.isUnique);
    this.#rows = this.#identity === undefined ? new RowSet(this.#heap) : undefined;
  }

  get rowCount(): number {
    return this.def.isEvent ? 0 : this.#rowCount;
  }

  /** About what the rows that can be seen cost, with their indexes. */
  get usedBytes(): number {
    return this.#visibleBytes + this.#rowCount * this.#rowCost;
  }

  get rowBytes(): number {
    return this.#heap.rowBytes;
  }

  get heapBytes(): number {
    return this.#heap.heapBytes;
  }

  get indexBytes(): number {
    return this.indexes.reduce((sum, index) => sum + index.bytes, this.#rows?.bytes ?? 0);
  }

  row(handle: RowHandle): Uint8Array {
    return this.#heap.row(handle);
  }

  rowLength(handle: RowHandle): number {
    return this.#heap.length(handle);
  }

  copyRow(handle: RowHandle, target: Uint8Array, at: number): number {
    return this.#heap.copy(handle, target, at);
  }

  scan(): RowHandle[] {
    return this.def.isEvent ? [] : this.#scanAll();
  }

  point(id: IndexId, key: Uint8Array): RowHandle[] {
    const index = this.#indexOf(id);
    this.#checkKey(index, key);
    if (this.def.isEvent) return [];
    const group = index.hash.group(index.hash.find(key, 0, key.length));
    return group.length > 1 ? this.#inScanOrder(group) : group;
  }

  pointOne(id: IndexId, key: Uint8Array): RowHandle {
    const index = this.#indexOf(id);
    assert(index.def.isUnique, `pointOne reads the index ${index.def.name}, which is not unique`);
    this.#checkKey(index, key);
    return this.def.isEvent ? -1 : index.hash.find(key, 0, key.length);
  }

  range(id: IndexId, prefix: Uint8Array, prefixColumns: number, start: Bound, end: Bound): RowHandle[] {
    const index = this.#indexOf(id);
    if (index.def.algorithm === 'hash') {
      throw new StoreRejection(
        'range-on-hash',
        `the index ${index.def.name} is a hash index, which answers no ranges: declare it as btree`,
      );
    }
    let found: RowHandle[];
    try {
      found = index.range(prefix, prefixColumns, start, end, () => this.#scanAll());
    } catch (cause) {
      throw this.#undecodable(cause);
    }
    if (this.def.isEvent) return [];
    return this.#inserted.length === 0 ? found : this.#ownFirst(found);
  }

  /** The row that equals `row`, or -1. */
  findEqual(row: Uint8Array): RowHandle {
    this.#checkRow(row);
    if (this.def.isEvent) return -1;
    if (this.#rows !== undefined) return this.#rows.find(row);
    const copy = this.#heap.add(row);
    const found = this.#findSame(copy);
    this.#heap.free(copy);
    return found;
  }

  // Writes of the open transaction.

  /** @returns the generated values @throws StoreRejection */
  insert(row: Uint8Array): Uint8Array {
    this.#checkRow(row);
    const handle = this.#heap.add(row);
    const generated = this.sequences.generate(handle);
    const same = this.#probeUnique(handle);
    if (same >= 0) {
      this.#heap.free(handle);
      return generated;
    }
    const deleted = this.#deleted.findEqual(handle);
    if (deleted >= 0) {
      this.#grow(handle, row.length + this.#rowCost);
      this.#heap.free(handle);
      this.#show(deleted, live | committed | noted);
      return generated;
    }
    this.#grow(handle, row.length + this.#rowCost);
    for (let i = 0; i < this.indexes.length; i++) {
      const index = this.indexes[i] as TableIndex;
      if (index.def.isUnique) index.addProbed(handle);
      else index.add(handle);
    }
    this.#rows?.add(handle);
    this.#heap.setState(handle, live);
    this.#rowCount += 1;
    this.#visibleBytes += row.length;
    this.#inserted.push(handle);
    return generated;
  }

  /** @returns the generated values @throws StoreRejection */
  update(id: IndexId, row: Uint8Array): Uint8Array {
    const by = this.#indexOf(id);
    if (!by.def.isUnique) {
      throw new StoreRejection(
        'index-not-unique',
        `the index ${by.def.name} is not unique, so it cannot say which row to update: use a unique index`,
      );
    }
    this.#checkRow(row);
    const handle = this.#heap.add(row);
    const generated = this.sequences.generate(handle);
    const old = this.def.isEvent ? -1 : by.hash.probe(handle);
    if (old < 0) {
      this.#heap.free(handle);
      throw new StoreRejection(
        'no-such-row',
        `the table ${this.def.name} has no row with this key in ${by.def.name}: insert it instead`,
      );
    }
    if (this.#heap.isEqual(old, handle)) {
      this.#heap.free(handle);
      return generated;
    }
    for (let i = 0; i < this.indexes.length; i++) {
      const index = this.indexes[i] as TableIndex;
      if (!index.def.isUnique || index === by) continue;
      const other = index.hash.probe(handle);
      if (other >= 0 && other !== old) throw this.#collision(index, handle);
    }
    const deleted = this.#deleted.findEqual(handle);
    if (deleted >= 0) {
      this.#heap.free(handle);
      this.#hide(old);
      this.#show(deleted, live | committed | noted);
      return generated;
    }
    const growthBytes = row.length - this.#heap.length(old);
    if (growthBytes > 0) this.#grow(handle, growthBytes);
    else this.#meter.shrink(-growthBytes);
    this.#visibleBytes += growthBytes;
    for (let i = 0; i < this.indexes.length; i++) (this.indexes[i] as TableIndex).replaceProbed(old, handle);
    this.#noteDelete(old);
    this.#heap.setState(handle, live);
    this.#inserted.push(handle);
    return generated;
  }

  /** Deletes one row. @returns whether it was there */
  delete(handle: RowHandle): boolean {
    if ((this.#heap.state(handle) & live) === 0) return false;
    this.#hide(handle);
    return true;
  }

  clear(): number {
    const handles = this.scan();
    for (const handle of handles) this.#hide(handle);
    return handles.length;
  }

  /** The net changes of the open transaction, if any. */
  change(): HeapChange | undefined {
    const inserted = this.#which(this.#inserted, live);
    const deleted = this.#which(this.#deleted, 0);
    if (inserted.length + deleted.length === 0) return undefined;
    return new HeapChange(this.def.id, this.#heap, inserted, deleted);
  }

  commit(): void {
    for (let i = 0; i < this.#inserted.length; i++) {
      const handle = this.#inserted.at(i);
      if ((this.#heap.state(handle) & live) === 0) continue;
      if (this.def.isEvent) {
        this.#hideFromIndexes(handle);
        this.#heap.setState(handle, 0);
        this.#gone.push(handle);
      } else {
        this.#heap.setState(handle, live | committed);
      }
    }
    for (let i = 0; i < this.#deleted.length; i++) {
      const handle = this.#deleted.at(i);
      if ((this.#heap.state(handle) & live) !== 0) {
        this.#heap.setState(handle, live | committed);
      } else {
        this.#heap.setState(handle, 0);
        this.#gone.push(handle);
      }
    }
    this.#forgetTransaction();
  }

  rollback(): void {
    for (let i = 0; i < this.#inserted.length; i++) {
      const handle = this.#inserted.at(i);
      if ((this.#heap.state(handle) & live) === 0) continue;
      this.#hideFromIndexes(handle);
      this.#heap.setState(handle, 0);
      this.#gone.push(handle);
    }
    for (let i = 0; i < this.#deleted.length; i++) {
      const handle = this.#deleted.at(i);
      if ((this.#heap.state(handle) & live) === 0) this.#show(handle, 0);
      this.#heap.setState(handle, live | committed);
    }
    this.#forgetTransaction();
  }

  /** Gives the places of rows that are gone to new rows: their bytes are no longer valid. */
  recycle(): void {
    // The place that was freed last is given first: backwards, rows to come take them in the order of the old ones.
    for (let i = this.#gone.length - 1; i >= 0; i--) this.#heap.free(this.#gone.at(i));
    this.#gone.clear();
  }

  // Outside transactions.

  /** Stores rows as committed, without looking at constraints, and moves sequences past their values. */
  applyInserts(rows: readonly Uint8Array[]): void {
    if (this.def.isEvent) return;
    for (const row of rows) {
      this.#checkRow(row);
      const handle = this.#heap.add(row);
      assert(this.#findSame(handle) < 0, `a row that is applied to the table ${this.def.name} is stored already`);
      this.#show(handle, live | committed);
      this.sequences.skip(handle);
    }
  }

  applyDeletes(rows: readonly Uint8Array[]): void {
    for (const row of rows) {
      const handle = this.findEqual(row);
      assert(handle >= 0, `a row that is to be removed from the table ${this.def.name} is not stored`);
      this.#hideFromIndexes(handle);
      this.#heap.free(handle);
    }
  }

  /** Stores a row as committed. @throws StoreRejection `decode`, `unique` */
  load(row: Uint8Array): void {
    this.#checkRow(row);
    const handle = this.#heap.add(row);
    const same = this.#probeUnique(handle);
    if (same >= 0) this.#heap.free(handle);
    else this.#show(handle, live | committed);
  }

  #scanAll(): RowHandle[] {
    const handles = this.#which(this.#inserted, live);
    const both = live | committed;
    for (let handle = 0; handle < this.#heap.handleCount; handle++) {
      if ((this.#heap.state(handle) & both) === both) handles.push(handle);
    }
    return handles;
  }

  /** Rows of one key: the transaction's own first, then the others in heap order. */
  #inScanOrder(handles: RowHandle[]): RowHandle[] {
    const own = this.#inserted.length === 0 ? [] : handles.filter((handle) => !this.#isCommitted(handle));
    const others = own.length === 0 ? handles : handles.filter((handle) => this.#isCommitted(handle));
    others.sort((a, b) => a - b);
    return own.length === 0 ? others : own.concat(others);
  }

  #ownFirst(handles: RowHandle[]): RowHandle[] {
    const own = handles.filter((handle) => !this.#isCommitted(handle));
    return own.length === 0 ? handles : own.concat(handles.filter((handle) => this.#isCommitted(handle)));
  }

  #isCommitted(handle: RowHandle): boolean {
    return (this.#heap.state(handle) & committed) !== 0;
  }

  #indexOf(id: IndexId): TableIndex {
    for (let i = 0; i < this.indexes.length; i++) {
      const index = this.indexes[i] as TableIndex;
      if (index.def.id === id) return index;
    }
    throw new StoreRejection('no-such-index', `the table ${this.def.name} has no index ${id}`);
  }

  #checkRow(row: Uint8Array): void {
    if (this.layout.isPlain && row.length === this.layout.fixedSize) return;
    try {
      this.layout.check(row);
    } catch (cause) {
      throw this.#undecodable(cause);
    }
  }

  #checkKey(index: TableIndex, key: Uint8Array): void {
    if (key.length === index.plainKeyBytes) return;
    try {
      index.checkKey(key);
    } catch (cause) {
      throw this.#undecodable(cause);
    }
  }

  #undecodable(cause: unknown): unknown {
    if (!(cause instanceof DecodeError)) return cause;
    return new StoreRejection('decode', `the table ${this.def.name}: ${cause.message}`, { cause });
  }

  /** Probes every unique index. @returns a row equal to the one at `handle`, or -1 @throws StoreRejection `unique` */
  #probeUnique(handle: RowHandle): RowHandle {
    if (this.#rows !== undefined) return this.#rows.findEqual(handle);
    for (let i = 0; i < this.indexes.length; i++) {
      const index = this.indexes[i] as TableIndex;
      if (!index.def.isUnique) continue;
      const found = index.hash.probe(handle);
      if (found < 0) continue;
      if (this.#heap.isEqual(found, handle)) return found;
      throw this.#collision(index, handle);
    }
    return -1;
  }

  #collision(index: TableIndex, handle: RowHandle): StoreRejection {
    this.#heap.free(handle);
    const columns = index.def.columns.map((column) => this.def.row.fields[column]?.name).join(', ');
    return new StoreRejection(
      'unique',
      `the table ${this.def.name} has a row with the same value of ${columns} already (unique index ${index.def.name})`,
    );
  }

  /** The visible row that equals the one at `handle`, or -1. */
  #findSame(handle: RowHandle): RowHandle {
    if (this.#rows !== undefined) return this.#rows.findEqual(handle);
    const found = this.#identity?.hash.probe(handle) ?? -1;
    return found >= 0 && this.#heap.isEqual(found, handle) ? found : -1;
  }

  #show(handle: RowHandle, state: number): void {
    for (let i = 0; i < this.indexes.length; i++) (this.indexes[i] as TableIndex).add(handle);
    this.#rows?.add(handle);
    this.#heap.setState(handle, state);
    this.#rowCount += 1;
    this.#visibleBytes += this.#heap.length(handle);
  }

  #hide(handle: RowHandle): void {
    this.#hideFromIndexes(handle);
    this.#noteDelete(handle);
  }

  #hideFromIndexes(handle: RowHandle): void {
    for (let i = 0; i < this.indexes.length; i++) (this.indexes[i] as TableIndex).remove(handle);
    this.#rows?.remove(handle);
    this.#rowCount -= 1;
    const bytes = this.#heap.length(handle);
    this.#visibleBytes -= bytes;
    this.#meter.shrink(bytes + this.#rowCost);
  }

  /** @throws StoreRejection `memory-full` after giving the place of a row back that was to come */
  #grow(handle: RowHandle, bytes: number): void {
    try {
      this.#meter.grow(bytes);
    } catch (error) {
      this.#heap.free(handle);
      throw error;
    }
  }

  #noteDelete(handle: RowHandle): void {
    const state = this.#heap.state(handle);
    if ((state & committed) === 0) {
      this.#heap.setState(handle, 0);
      this.#gone.push(handle);
      return;
    }
    if ((state & noted) === 0) this.#deleted.push(handle);
    this.#heap.setState(handle, committed | noted);
  }

  /** Those whose state has the bit `live` as it is in `liveness`. */
  #which(handles: Handles, liveness: number): RowHandle[] {
    let count = 0;
    for (let i = 0; i < handles.length; i++) {
      if ((this.#heap.state(handles.at(i)) & live) === liveness) count += 1;
    }
    // Of its final length, because one that grows takes several times the memory.
    const found = new Array<RowHandle>(count);
    for (let i = 0, at = 0; at < count; i++) {
      const handle = handles.at(i);
      if ((this.#heap.state(handle) & live) === liveness) found[at++] = handle;
    }
    return found;
  }

  #forgetTransaction(): void {
    this.#inserted.clear();
    this.#deleted.clear();
  }
}
