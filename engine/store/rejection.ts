import { Rejection } from '../errors.ts';

export type StoreRejectionCode =
  /** Bytes of a row, key or bound are not the BSATN of the expected type. */
  | 'decode'
  /** A row with the same key is in a unique index already. */
  | 'unique'
  /** An update names an index that several rows may share a key in. */
  | 'index-not-unique'
  /** An update finds no row to replace. */
  | 'no-such-row'
  /** Rows may not take more memory. */
  | 'memory-full'
  /** A hash index knows no order. */
  | 'range-on-hash'
  | 'no-such-table'
  | 'no-such-index';

/** A write or read that the store refuses. Nothing has changed. */
export class StoreRejection extends Rejection {
  declare readonly code: StoreRejectionCode;

  constructor(code: StoreRejectionCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
