import type { HeapChange } from './change.ts';
import type { IndexId, TableDef, TableId } from './definition.ts';

/** A row's place in its table's heap. Valid until the transaction after the one that deletes the row begins. */
export type RowHandle = number;

/** The rows one transaction added to and removed from one table: net, so that no row is in both lists. */
export interface TableChange {
  readonly table: TableId;
  readonly inserts: readonly Uint8Array[];
  readonly deletes: readonly Uint8Array[];
}

/** Where the sequence of one column stands: it is kept beside the rows. */
export interface SequencePosition {
  readonly table: TableId;
  readonly column: number;
  /** The value that is given next. */
  readonly next: bigint;
}

/** What follows a log commit by commit: tables with their rows, or only with what has changed of them. */
export interface Follower {
  createTable(def: TableDef): void;
  dropTable(id: TableId): void;
  /** @param transformRow turns a row's bytes into those of the new row type; by default they are the same */
  alterTable(id: TableId, def: TableDef, transformRow?: (row: Uint8Array) => Uint8Array): void;
  apply(changes: readonly TableChange[]): void;
  restoreSequences(positions: readonly SequencePosition[]): void;
}

/**
 * A bound of a range scan over the column that follows the prefix.
 * `value` is the BSATN of that one column's value.
 */
export type Bound =
  | { readonly kind: 'included' | 'excluded'; readonly value: Uint8Array }
  | { readonly kind: 'unbounded' };

/** What readers need of a table, whether or not a transaction is open. */
export interface TableReader {
  readonly def: TableDef;
  readonly rowCount: number;
  /** A view into the heap: copy it to keep it beyond the handle's life. */
  row(handle: RowHandle): Uint8Array;
  /** Bytes of the row. */
  rowLength(handle: RowHandle): number;
  /** Copies the row into `target` at `at`, which has room for it, and returns its length. */
  copyRow(handle: RowHandle, target: Uint8Array, at: number): number;
  /** Rows of the open transaction first, then committed rows in heap order. A snapshot: mutation meanwhile is safe. */
  scan(): RowHandle[];
  /** `key` is the concatenated BSATN of all the index's columns in index order. */
  point(index: IndexId, key: Uint8Array): RowHandle[];
  /** The one row with this key in a unique index, or -1. @throws StoreRejection `decode`, `no-such-index` */
  pointOne(index: IndexId, key: Uint8Array): RowHandle;
  /** `prefix` is the concatenated BSATN of the first `prefixColumns` columns. Rejects a hash index. */
  range(index: IndexId, prefix: Uint8Array, prefixColumns: number, start: Bound, end: Bound): RowHandle[];
}

/** The one open read-write transaction. Its writes are at once visible to every reader of the store. */
export interface Transaction {
  /**
   * Inserts one row. Columns of sequences that are 0 are filled in.
   * A row equal to a stored one changes nothing and is no error.
   * @returns the concatenated BSATN of the generated column values, empty when none was generated.
   * @throws StoreRejection `decode`, `unique`
   */
  insert(table: TableId, row: Uint8Array): Uint8Array;
  /** Replaces the row with the same key in a unique index. @throws StoreRejection `decode`, `index-not-unique`, `no-such-row`, `unique` */
  update(table: TableId, index: IndexId, row: Uint8Array): Uint8Array;
  /** Deletes the rows at these handles and returns how many there were. */
  delete(table: TableId, handles: readonly RowHandle[]): number;
  /** Deletes the stored row that equals `row`, if any. @returns 0 or 1 */
  deleteEqual(table: TableId, row: Uint8Array): number;
  clear(table: TableId): number;
  /** The net changes so far, as `commit` would return them. */
  changes(): HeapChange[];
  /**
   * Where sequences stand that gave values which the rows of `changes` do not show, such as of rows that are gone again:
   * to be kept with the commit. Asked a second time it is empty.
   */
  positions(changes: readonly HeapChange[]): SequencePosition[];
  /** Ends the transaction; changed tables in ascending id. Row bytes stay valid until the next `begin`. */
  commit(): HeapChange[];
  /** Undoes every row change. Values taken from sequences are not given back. */
  rollback(): void;
}
