import { assert } from '../errors.ts';
import type { RowHandle, SequencePosition, TableChange, Transaction } from './contract.ts';
import type { IndexId, TableId } from './definition.ts';
import type { Table } from './table.ts';

/** Writes to tables, and which tables they were. */
export class OpenTransaction implements Transaction {
  readonly #tableOf: (id: TableId) => Table;
  readonly #end: (touched: readonly Table[]) => void;
  readonly #touched: Table[] = [];
  /** The net changes, until something else is written. */
  #changes: TableChange[] | undefined;
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

  changes(): TableChange[] {
    this.#assertOpen();
    if (this.#changes !== undefined) return this.#changes;
    const changes: TableChange[] = [];
    if (this.#touched.length > 1) this.#touched.sort((a, b) => a.def.id - b.def.id);
    for (const table of this.#touched) {
      const change = table.change();
      if (change !== undefined) changes.push(change);
    }
    this.#changes = changes;
    return changes;
  }

  positions(changes: readonly TableChange[]): SequencePosition[] {
    this.#assertOpen();
    const positions: SequencePosition[] = [];
    for (const table of this.#touched) {
      if (table.sequences.length === 0) continue;
      positions.push(...table.unshownPositions(changes.find((change) => change.table === table.def.id)));
    }
    return positions;
  }

  commit(): TableChange[] {
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
    if (!this.#touched.includes(table)) this.#touched.push(table);
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
