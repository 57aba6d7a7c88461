import { assert } from '../errors.ts';
import { type Holder, MemoryBudget, Meter } from './budget.ts';
import type { Follower, RowHandle, SequencePosition, TableChange, TableReader, Transaction } from './contract.ts';

import type { TableDef, TableId } from './definition.ts';
import { StoreRejection } from './rejection.ts';
import { Table } from './table.ts';
import { OpenTransaction } from './transaction.ts';

export interface TableStatistics {
  readonly table: TableId;
  readonly name: string;
  readonly rowCount: number;
  readonly rowBytes: number;
  /** Memory of rows, with the room between and after them. */
  readonly heapBytes: number;
  readonly indexBytes: number;
}

/** The tables of one database in memory, with one transaction at a time. */
export class Store implements Follower, Holder {
  readonly #budget: MemoryBudget;
  readonly #meter: Meter;
  readonly #leaveBudget: () => void;
  readonly #tables = new Map<TableId, Table>();
  #transaction: OpenTransaction | undefined;
  /** Tables that the last transaction changed and that still hold the rows that it removed. */
  #unrecycled: readonly Table[] = [];
  readonly #tableOf = (id: TableId) => this.#table(id);
  readonly #ended = (changed: readonly Table[]) => {
    this.#transaction = undefined;
    this.#unrecycled = changed;
  };

  /** @param budget what the rows may take; by default there is no bound */
  constructor(budget = new MemoryBudget(Number.POSITIVE_INFINITY)) {
    this.#budget = budget;
    this.#meter = new Meter(budget);
    this.#leaveBudget = budget.join(this);
  }

  /** About what the rows that can be seen cost, with their indexes. */
  get usedBytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.usedBytes;
    return bytes;
  }

  get spareBytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.heapBytes - table.rowBytes;
    return bytes;
  }

  /** Its rows are no longer counted. It must not be used afterwards. */
  close(): void {
    this.#leaveBudget();
  }

  /** Every table, in ascending id. */
  tables(): TableReader[] {
    return [...this.#tables.values()].sort((a, b) => a.def.id - b.def.id);
  }

  /** @throws StoreRejection `no-such-table` */
  table(id: TableId): TableReader {
    return this.#table(id);
  }

  /** The row of a table that equals `row`, or -1. @throws StoreRejection `no-such-table`, `decode` */
  findEqual(id: TableId, row: Uint8Array): RowHandle {
    return this.#table(id).findEqual(row);
  }

  hasTable(id: TableId): boolean {
    return this.#tables.has(id);
  }

  createTable(def: TableDef): void {
    this.#assertNoTransaction('create a table');
    assert(!this.#tables.has(def.id), `a table with the id ${def.id} exists already`);
    this.#tables.set(def.id, new Table(def, this.#meter));
  }

  /** @throws StoreRejection `no-such-table` */
  dropTable(id: TableId): void {
    this.#assertNoTransaction('drop a table');
    this.#table(id);
    this.#tables.delete(id);
  }

  /**
   * Gives a table a new definition. Readers of the table from before are void. Rows keep their order; sequences of
   * columns that had one keep their position.
   * @param transformRow turns a row's bytes into those of the new row type; by default they are the same
   * @throws StoreRejection `decode`, `unique`; then the table is as it was
   */
  alterTable(id: TableId, def: TableDef, transformRow: (row: Uint8Array) => Uint8Array = (row) => row): void {
    this.#assertNoTransaction('alter a table');
    assert(def.id === id, `the table ${id} cannot become the table ${def.id}`);
    const old = this.#table(id);
    const altered = new Table(def, this.#meter);
    for (const handle of old.scan()) altered.load(transformRow(old.row(handle)));
    for (const sequence of altered.sequences.all) {
      const before = old.sequences.of(sequence.def.column);
      if (before !== undefined) sequence.next = before.next;
    }
    this.#tables.set(id, altered);
  }

  /** Starts the one open transaction. What rows the last one removed is gone from now on. */
  begin(): Transaction {
    this.#assertNoTransaction('begin another transaction');
    for (const table of this.#unrecycled) table.recycle();
    this.#unrecycled = [];
    this.#meter.begin();
    this.#transaction = new OpenTransaction(this.#tableOf, this.#ended);
    return this.#transaction;
  }

  /** Whether what the open transaction leaves may be kept. @throws StoreRejection `memory-full` */
  requireMemory(): void {
    this.#meter.settle();
  }

  /** Whether rows may take so many bytes more. @throws StoreRejection `memory-full` */
  requireMemoryFor(bytes: number): void {
    this.#budget.require(bytes);
  }

  /** Whether a transaction is open. */
  get isInTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** Stores what a commit of the log changed: constraints are not looked at, sequences move past the rows' values. */
  apply(changes: readonly TableChange[]): void {
    this.#assertNoTransaction('apply changes');
    for (const change of changes) {
      const table = this.#table(change.table);
      table.applyDeletes(change.deletes);
      table.applyInserts(change.inserts);
    }
  }

  sequencePositions(): SequencePosition[] {
    return [...this.#tables.values()].flatMap((table) => table.sequences.positions());
  }

  /** Positions of tables or sequences that are no longer there are passed over. */
  restoreSequences(positions: readonly SequencePosition[]): void {
    for (const { table, column, next } of positions) {
      const sequence = this.#tables.get(table)?.sequences.of(column);
      if (sequence !== undefined) sequence.next = next;
    }
  }

  statistics(): TableStatistics[] {
    return [...this.#tables.values()].map((table) => ({
      table: table.def.id,
      name: table.def.name,
      rowCount: table.rowCount,
      rowBytes: table.rowBytes,
      heapBytes: table.heapBytes,
      indexBytes: table.indexBytes,
    }));
  }

  #table(id: TableId): Table {
    const table = this.#tables.get(id);
    if (table === undefined) throw new StoreRejection('no-such-table', `there is no table ${id}`);
    return table;
  }

  #assertNoTransaction(act: string): void {
    assert(this.#transaction === undefined, `cannot ${act} while a transaction is open`);
  }
}
