import { assert } from '../errors.ts';
import type { HeapChange } from './change.ts';
import type { RowHandle, SequencePosition, Transaction } from './contract.ts';
import type { IndexId, TableId } from './definition.ts';
import type { Table } from './table.ts';

/** Writes to tables, and which tables they were. */
export class OpenTransaction implements Transaction {
  readonly #tableOf: (id: TableId) => Table;
  readonly #end: (touched: readonly Table[]) => void;
  #touched: Table[] = [];
  /** The net changes, until something else is written. */
  #changes: HeapChange[] | undefined;
  #isOpen = true;

  constructor(tableOf: (id: TableId) => Table, end: (touched: readonly Table[]) => void) {
    this.#tableOf = tableOf;
    this.#end = end;
  }

  insert(table: TableId, row: Uint8Array): Uint8Array {
    return this.#touch(table).insert(row);
  }

  update(table: TableId, index: IndexId, row: Uint8Array): Uint8Array {
    return this.#touch(table).update(index, row);
  }

  delete(table: TableId, handles: readonly RowHandle[]): number {
    const target = this.#touch(table);
    let count = 0;
    for (const handle of handles) {
      if (target.delete(handle)) count += 1;
    }
    return count;
  }

  deleteEqual(table: TableId, row: Uint8Array): number {
    const target = this.#touch(table);
    const handle = target.findEqual(row);
    return handle >= 0 && target.delete(handle) ? 1 : 0;
  }

  clear(table: TableId): number {
    return this.#touch(table).clear();
  }

  changes(): HeapChange[] {
    this.#assertOpen();
    if (this.#changes !== undefined) return this.#changes;
    let changes: HeapChange[] = [];
    if (this.#touched.length > 1) this.#touched.sort((a, b) => a.def.id - b.def.id);
    for (const table of this.#touched) {
      const change = table.change();
      if (change === undefined) continue;
      // A list that is made with its one element takes a fifth of the memory of one that it is pushed to.
      if (changes.length === 0) changes = [change];
      else changes.push(change);
    }
    this.#changes = changes;
    return changes;
  }

  positions(changes: readonly HeapChange[]): SequencePosition[] {
    this.#assertOpen();
    const positions: SequencePosition[] = [];
    for (const table of this.#touched) {
      if (table.sequences.all.length === 0) continue;
      positions.push(...table.sequences.unshownPositions(changes.find((change) => change.table === table.def.id)));
    }
    return positions;
  }

  commit(): HeapChange[] {
    const changes = this.changes();
    for (const table of this.#touched) table.commit();
    this.#close();
    return changes;
  }

  rollback(): void {
    this.#assertOpen();
    for (const table of this.#touched) table.rollback();
    this.#close();
  }

  #touch(id: TableId): Table {
    this.#assertOpen();
    this.#changes = undefined;
    const table = this.#tableOf(id);
    if (this.#touched.length === 0) this.#touched = [table];
    else if (!this.#touched.includes(table)) this.#touched.push(table);
    return table;
  }

  #close(): void {
    this.#isOpen = false;
    this.#end(this.#touched);
  }

  #assertOpen(): void {
    assert(this.#isOpen, 'the transaction has ended');
  }
}
