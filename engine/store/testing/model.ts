import { compareValues } from '../../bsatn/testing/arbitrary.ts';
import type { Type } from '../../bsatn/type.ts';
import { encodeValue, type Value } from '../../bsatn/value.ts';
import type { Bound, TableChange } from '../contract.ts';
import type { IndexDef, TableDef } from '../definition.ts';
import type { StoreRejectionCode } from '../rejection.ts';

export type Row = readonly Value[];

/** What the model refuses, by the same codes as the store. */
export class Refusal extends Error {
  readonly code: StoreRejectionCode;

  constructor(code: StoreRejectionCode) {
    super(code);
    this.code = code;
  }
}

/** One table as a list of rows: everything is found by looking at all of them. */
export class Model {
  readonly def: TableDef;
  rows: Row[] = [];
  /** The rows before the open transaction. */
  committed: Row[] = [];
  readonly next: bigint[];

  constructor(def: TableDef) {
    this.def = def;
    this.next = def.sequences.map((sequence) => sequence.start);
  }

  /** @returns the hex of the generated values */
  insert(given: Row): string {
    const { row, generated } = this.#generate(given);
    if (this.#has(row)) return generated;
    if (this.#uniques().some((index) => this.#sameKey(index, row) !== undefined)) throw new Refusal('unique');
    this.rows = [...this.rows, row];
    return generated;
  }

  update(index: IndexDef, given: Row): string {
    if (!index.isUnique) throw new Refusal('index-not-unique');
    const { row, generated } = this.#generate(given);
    const old = this.#sameKey(index, row);
    if (old === undefined) throw new Refusal('no-such-row');
    for (const unique of this.#uniques()) {
      const other = this.#sameKey(unique, row);
      if (other !== undefined && other !== old) throw new Refusal('unique');
    }
    this.rows = this.rows.map((other) => (other === old ? row : other));
    return generated;
  }

  deleteEqual(row: Row): number {
    const before = this.rows.length;
    this.rows = this.rows.filter((other) => this.hex(other) !== this.hex(row));
    return before - this.rows.length;
  }

  deletePoint(index: IndexDef, row: Row): number {
    const before = this.rows.length;
    this.rows = this.rows.filter((other) => this.keyHex(index, other) !== this.keyHex(index, row));
    return before - this.rows.length;
  }

  point(index: IndexDef, row: Row): string[] {
    return this.rows.filter((other) => this.keyHex(index, other) === this.keyHex(index, row)).map((r) => this.hex(r));
  }

  range(index: IndexDef, prefix: Row, prefixColumns: number, start: Edge, end: Edge): Row[] {
    const bounded = index.columns[prefixColumns] as number;
    const order = (row: Row, edge: Edge) =>
      compareValues(this.typeOf(bounded), row[bounded] as Value, edge.row[bounded] as Value);
    return this.rows.filter(
      (row) =>
        index.columns
          .slice(0, prefixColumns)
          .every((column) => compareValues(this.typeOf(column), row[column] as Value, prefix[column] as Value) === 0) &&
        (start.kind === 'unbounded' || order(row, start) > (start.kind === 'included' ? -1 : 0)) &&
        (end.kind === 'unbounded' || order(row, end) < (end.kind === 'included' ? 1 : 0)),
    );
  }

  /** Orders rows as an index over `index` does. */
  compare(index: IndexDef, a: Row, b: Row): number {
    for (const column of index.columns) {
      const order = compareValues(this.typeOf(column), a[column] as Value, b[column] as Value);
      if (order !== 0) return order;
    }
    return 0;
  }

  /** Hex of the net changes. */
  change(): { inserts: string[]; deletes: string[] } {
    const [before, after] = [this.committed.map((row) => this.hex(row)), this.rows.map((row) => this.hex(row))];
    return {
      inserts: after.filter((row) => !before.includes(row)).sort(),
      deletes: before.filter((row) => !after.includes(row)).sort(),
    };
  }

  isCommitted(row: Row): boolean {
    return this.committed.some((other) => this.hex(other) === this.hex(row));
  }

  hex(row: Row): string {
    return Buffer.from(encodeValue(this.def.row, row)).toString('hex');
  }

  key(index: IndexDef, row: Row): Uint8Array {
    return Buffer.concat(index.columns.map((column) => encodeValue(this.typeOf(column), row[column] as Value)));
  }

  keyHex(index: IndexDef, row: Row): string {
    return Buffer.from(this.key(index, row)).toString('hex');
  }

  bound(index: IndexDef, prefixColumns: number, edge: Edge): Bound {
    const column = index.columns[prefixColumns] as number;
    return edge.kind === 'unbounded'
      ? { kind: 'unbounded' }
      : { kind: edge.kind, value: encodeValue(this.typeOf(column), edge.row[column] as Value) };
  }

  typeOf(column: number): Type {
    return (this.def.row.fields[column] as { type: Type }).type;
  }

  #generate(given: Row): { row: Row; generated: string } {
    const row = [...given];
    let generated = '';
    for (const [i, { column, min, max, increment }] of this.def.sequences.entries()) {
      if (BigInt(row[column] as bigint) !== 0n) continue;
      const value = this.next[i] as bigint;
      const after = value + increment;
      this.next[i] = after > max ? min : after < min ? max : after;
      row[column] = typeof row[column] === 'bigint' ? value : Number(value);
      generated += Buffer.from(encodeValue(this.typeOf(column), row[column] as Value)).toString('hex');
    }
    return { row, generated };
  }

  #uniques(): IndexDef[] {
    return this.def.indexes.filter((index) => index.isUnique);
  }

  #has(row: Row): boolean {
    return this.rows.some((other) => this.hex(other) === this.hex(row));
  }

  #sameKey(index: IndexDef, row: Row): Row | undefined {
    return this.rows.find((other) => this.keyHex(index, other) === this.keyHex(index, row));
  }
}

export interface Edge {
  readonly kind: 'included' | 'excluded' | 'unbounded';
  readonly row: Row;
}

export function hexOf(change: TableChange | undefined): { inserts: string[]; deletes: string[] } {
  const hex = (rows: readonly Uint8Array[]) => rows.map((row) => Buffer.from(row).toString('hex')).sort();
  return { inserts: hex(change?.inserts ?? []), deletes: hex(change?.deletes ?? []) };
}
