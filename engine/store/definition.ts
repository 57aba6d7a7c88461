import type { ProductType } from '../bsatn/type.ts';

/** A table's number inside one database; never reused, even after the table is dropped. */
export type TableId = number & { readonly brand: 'TableId' };
/** An index's number inside one database; never reused. */
export type IndexId = number & { readonly brand: 'IndexId' };

export interface TableDef {
  readonly id: TableId;
  /** The canonical name, as on the wire and in SQL. */
  readonly name: string;
  /** Columns in wire order; a row is the BSATN of this product. */
  readonly row: ProductType;
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexDef[];
  readonly sequences: readonly SequenceDef[];
  /** Rows of an event table are delivered with their commit and never stored. */
  readonly isEvent: boolean;
}

export interface IndexDef {
  readonly id: IndexId;
  readonly name: string;
  /** `hash` answers points only; `btree` and `direct` answer points and ranges. */
  readonly algorithm: 'btree' | 'hash' | 'direct';
  readonly columns: readonly number[];
  readonly isUnique: boolean;
}

/** Fills an integer column whose inserted value is 0; wraps from `max` to `min`. */
export interface SequenceDef {
  readonly column: number;
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly increment: bigint;
}
