import { Reader } from '../bsatn/reader.ts';
import { Rejection } from '../errors.ts';
import type { Bound, RowHandle, Transaction } from '../store/contract.ts';
import type { IndexId, TableId } from '../store/definition.ts';
import { code, type FailureCode, SyscallFailure } from './failure.ts';
import { RowIterators } from './iterators.ts';
import { type BoundIndex, type BoundTable, type BoundTables, type Range, type RangeArgs, readRange } from './tables.ts';

/** What a call has read so far; becomes a view's read set. */
export interface Reads {
  readonly tables: Set<TableId>;
  readonly points: { readonly table: TableId; readonly index: IndexId; readonly key: Uint8Array }[];
  readonly ranges: RangeRead[];
}

/** A range scan, as the store takes it. */
export interface RangeRead extends Range {
  readonly table: TableId;
  readonly index: IndexId;
}

/** Delays of this many milliseconds and more cannot be scheduled. */
const scheduleDelayMs = 64n ** 6n - 1n;

const interval = 0;

/**
 * The system calls that reach rows, for one module instance. Between `begin` and `end` they act in one transaction;
 * outside they fail. They throw SyscallFailure, BufferTooSmall, or what the store throws.
 */
export class Datastore {
  readonly #tables: BoundTables;
  readonly #iterators = new RowIterators();
  #isOpen = false;
  #tx: Transaction | undefined;
  #reads: Reads | undefined;
  #nowMicros = 0n;

  constructor(tables: BoundTables) {
    this.#tables = tables;
  }

  /** `tx` is undefined for a view, which may only read, and whose reads go into `reads`. */
  begin(tx: Transaction | undefined, nowMicros: bigint, reads?: Reads): void {
    this.#isOpen = true;
    this.#tx = tx;
    this.#nowMicros = nowMicros;
    this.#reads = reads;
  }

  end(): void {
    this.#isOpen = false;
    this.#tx = undefined;
    this.#reads = undefined;
    this.#iterators.clear();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  tableId(name: string): number {
    return this.#tables.tableId(name);
  }

  indexId(name: string): number {
    return this.#tables.indexId(name);
  }

  rowCount(id: number): number {
    const table = this.#readTable(id);
    this.#reads?.tables.add(table.id);
    return table.reader.rowCount;
  }

  scan(id: number): number {
    const table = this.#readTable(id);
    this.#reads?.tables.add(table.id);
    return this.#iterators.add(table.reader, table.reader.scan());
  }

  point(id: number, key: Uint8Array): number {
    const index = this.#readIndex(id);
    const { reader } = index.table;
    if (!index.def.isUnique) return this.#iterators.add(reader, this.#pointHandles(index, key));
    const handle = reader.pointOne(index.id, key);
    this.#notePoint(index, key);
    return this.#iterators.addOne(reader, handle);
  }

  range(id: number, args: RangeArgs): number {
    const index = this.#readIndex(id);
    return this.#iterators.add(index.table.reader, this.#rangeHandles(index, args));
  }

  /** See RowIterators.advance. */
  advance(iterator: number, target: Uint8Array): number {
    return this.#iterators.advance(iterator, target);
  }

  close(iterator: number): void {
    // What a garbage collector closes late has long gone with its call.
    if (this.#isOpen) this.#iterators.close(iterator);
  }

  /** @returns the values of the generated columns. */
  insert(id: number, row: Uint8Array): Uint8Array {
    const tx = this.#writable();
    const table = this.#tables.table(id);
    if (table.declared.schedule !== undefined) this.#checkDelay(table, table.declared.schedule.column, row);
    return tx.insert(table.id, row);
  }

  /** @returns the values of the generated columns. */
  update(id: number, indexId: number, row: Uint8Array): Uint8Array {
    const tx = this.#writable();
    const table = this.#tables.table(id);
    const index = this.#tables.index(indexId);
    if (index.table !== table) throw new SyscallFailure(code.noSuchIndex);
    if (table.declared.schedule !== undefined) this.#checkDelay(table, table.declared.schedule.column, row);
    return tx.update(table.id, index.id, row);
  }

  deletePoint(id: number, key: Uint8Array): number {
    const tx = this.#writable();
    const index = this.#tables.index(id);
    return tx.delete(index.table.id, this.#pointHandles(index, key));
  }

  deleteRange(id: number, args: RangeArgs): number {
    const tx = this.#writable();
    const index = this.#tables.index(id);
    return tx.delete(index.table.id, this.#rangeHandles(index, args));
  }

  /** `relation` is a BSATN array of whole rows. */
  deleteAllEqual(id: number, relation: Uint8Array): number {
    const tx = this.#writable();
    const table = this.#tables.table(id);
    const rows = splitRows(table, relation);
    let deleted = 0;
    for (const row of rows) deleted += tx.deleteEqual(table.id, row);
    return deleted;
  }

  clear(id: number): number {
    const tx = this.#writable();
    return tx.clear(this.#tables.table(id).id);
  }

  #pointHandles(index: BoundIndex, key: Uint8Array): RowHandle[] {
    const handles = index.table.reader.point(index.id, key);
    this.#notePoint(index, key);
    return handles;
  }

  #notePoint(index: BoundIndex, key: Uint8Array): void {
    this.#reads?.points.push({ table: index.table.id, index: index.id, key: key.slice() });
  }

  #rangeHandles(index: BoundIndex, args: RangeArgs): RowHandle[] {
    const range = readRange(index, args);
    const { prefix, prefixColumns, start, end } = range;
    this.#reads?.ranges.push({ table: index.table.id, index: index.id, ...copied(range) });
    return index.table.reader.range(index.id, prefix, prefixColumns, start, end);
  }

  #readTable(id: number): BoundTable {
    if (!this.#isOpen) throw new SyscallFailure(code.notInTransaction);
    const table = this.#tables.table(id);
    this.#requireStored(table);
    return table;
  }

  #readIndex(id: number): BoundIndex {
    if (!this.#isOpen) throw new SyscallFailure(code.notInTransaction);
    const index = this.#tables.index(id);
    this.#requireStored(index.table);
    return index;
  }

  /** A view over rows that pass by would never show one. */
  #requireStored({ declared }: BoundTable): void {
    if (this.#tx !== undefined || !declared.isEvent) return;
    throw new SyscallFailure(
      code.hostCallFailure,
      `a view cannot read the event table \`${declared.name}\`: its rows are never stored; subscribe to the table itself`,
    );
  }

  #writable(): Transaction {
    if (!this.#isOpen) throw new SyscallFailure(code.notInTransaction);
    if (this.#tx === undefined) throw new SyscallFailure(code.readOnly);
    return this.#tx;
  }

  #checkDelay(table: BoundTable, column: number, row: Uint8Array): void {
    table.row.check(row);
    const reader = new Reader(row, table.row.columnStart(row, 0, column));
    const isInterval = reader.u8() === interval;
    const delayMicros = isInterval ? reader.i64() : reader.i64() - this.#nowMicros;
    if (delayMicros >= scheduleDelayMs * 1000n) throw new SyscallFailure(code.scheduleDelayTooLong);
  }
}

/** The same range in bytes of its own: a module's buffer is used again. */
function copied({ prefix, prefixColumns, start, end }: Range): Range {
  const copy = (bound: Bound): Bound => (bound.kind === 'unbounded' ? bound : { ...bound, value: bound.value.slice() });
  return { prefix: prefix.slice(), prefixColumns, start: copy(start), end: copy(end) };
}

function splitRows(table: BoundTable, relation: Uint8Array): Uint8Array[] {
  const reader = new Reader(relation);
  const count = reader.u32();
  const rows: Uint8Array[] = [];
  let at = reader.offset;
  for (let i = 0; i < count; i++) {
    const end = table.row.end(relation, at, relation.length);
    rows.push(relation.subarray(at, end));
    at = end;
  }
  if (at !== relation.length) throw new SyscallFailure(code.decode);
  return rows;
}

const codeOfRejection: Record<string, FailureCode> = {
  decode: code.decode,
  unique: code.uniqueAlreadyExists,
  'index-not-unique': code.indexNotUnique,
  'no-such-row': code.noSuchRow,
  'range-on-hash': code.rangeOverHash,
};

/** The failure that a rejection of the store or of a decoder is to a module; undefined for any other error. */
export function failureOf(error: unknown): SyscallFailure | undefined {
  if (error instanceof SyscallFailure) return error;
  const failure = error instanceof Rejection ? codeOfRejection[error.code] : undefined;
  return failure === undefined ? undefined : new SyscallFailure(failure);
}
