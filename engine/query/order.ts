import { layoutOf } from '../bsatn/layout.ts';
import type { ProductType, Type } from '../bsatn/type.ts';
import { assert } from '../errors.ts';
import { comparableKind, compareOf } from './value.ts';

/** Which of two rows comes first. */
export type RowOrder = (a: Uint8Array, b: Uint8Array) => number;

export function orderByColumn(row: ProductType, column: number, isDescending: boolean): RowOrder {
  const layout = layoutOf(row);
  const kind = comparableKind(row.fields[column]?.type as Type);
  assert(kind !== undefined, 'rows are ordered by columns that have an order');
  const compare = compareOf(kind);
  return (a, b) => {
    const order = compare(a, layout.columnStart(a, 0, column), b, layout.columnStart(b, 0, column));
    return isDescending ? -order : order;
  };
}

/** The first of the orders that tells the rows apart decides. */
export function inTurn<T>(orders: readonly ((a: T, b: T) => number)[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const order of orders) {
      const result = order(a, b);
      if (result !== 0) return result;
    }
    return 0;
  };
}

/** An order of all rows in which only equal rows tie. */
export function orderByBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}
