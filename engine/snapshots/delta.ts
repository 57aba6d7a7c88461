import { layoutOf } from '../bsatn/layout.ts';
import { assert } from '../errors.ts';
import type { Follower, SequencePosition, TableChange } from '../store/contract.ts';
import type { TableDef, TableId } from '../store/definition.ts';
import { Heap } from '../store/heap.ts';
import { RowSet } from '../store/row-set.ts';
import { Sequence } from '../store/sequence.ts';

const added = 1;
const removed = 2;

/**
 * What a part of a log changes of a state that is somewhere else. Its memory follows the changes and not the rows, and a
 * row that comes and goes takes none.
 */
export class Delta implements Follower {
  readonly #tables = new Map<TableId, TableDelta>();

  /** Every table that there is at the end, in ascending id. */
  tables(): TableDelta[] {
    return [...this.#tables.values()].sort((a, b) => a.def.id - b.def.id);
  }

  table(id: TableId): TableDelta | undefined {
    return this.#tables.get(id);
  }

  /** Memory that the changes take. */
  get bytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.bytes;
    return bytes;
  }

  createTable(def: TableDef): void {
    this.#tables.set(def.id, new TableDelta(def));
  }

  dropTable(id: TableId): void {
    this.#tables.delete(id);
  }

  alterTable(id: TableId, def: TableDef, transformRow: (row: Uint8Array) => Uint8Array = (row) => row): void {
    this.#tables.set(id, this.#table(id).altered(def, transformRow));
  }

  apply(changes: readonly TableChange[]): void {
    for (const change of changes) this.#table(change.table).apply(change);
  }

  sequencePositions(): SequencePosition[] {
    return this.tables().flatMap((table) => table.sequencePositions());
  }

  /** Positions of tables or sequences that are no longer there are passed over. */
  restoreSequences(positions: readonly SequencePosition[]): void {
    for (const { table, column, next } of positions) this.#tables.get(table)?.restoreSequence(column, next);
  }

  #table(id: TableId): TableDelta {
    const table = this.#tables.get(id);
    assert(table, `a commit changes the table ${id}, which does not exist`);
    return table;
  }
}

/** The rows that one table has gained and lost. */
export class TableDelta {
  readonly def: TableDef;
  readonly #heap = new Heap();
  readonly #added = new RowSet(this.#heap);
  readonly #removed = new RowSet(this.#heap);
  readonly #sequences: readonly Sequence[];
  /** What updates of the module have made of the rows from before. */
  #transforms: readonly ((row: Uint8Array) => Uint8Array)[] = [];
  #addedCount = 0;
  #removedCount = 0;

  constructor(def: TableDef) {
    this.def = def;
    this.#sequences = def.sequences.map((sequence) => new Sequence(sequence, def.row));
  }

  get bytes(): number {
    return this.#heap.heapBytes + this.#added.bytes + this.#removed.bytes;
  }

  /** How many rows more there are than before; negative when they are fewer. */
  get growth(): number {
    return this.#addedCount - this.#removedCount;
  }

  apply({ inserts, deletes }: TableChange): void {
    for (const row of deletes) this.#remove(row);
    for (const row of inserts) this.#add(row);
  }

  /** The rows that were there before, as they are now. */
  kept(rows: readonly Uint8Array[]): readonly Uint8Array[] {
    const now = this.#transforms.reduce((all, transform) => all.map(transform), rows);
    return this.#removedCount === 0 ? now : now.filter((row) => this.#removed.find(row) < 0);
  }

  /** The rows that were added, in their order where none has gone. */
  *gained(): Generator<Uint8Array> {
    for (let handle = 0; handle < this.#heap.handleCount; handle++) {
      if (this.#heap.state(handle) === added) yield this.#heap.row(handle);
    }
  }

  altered(def: TableDef, transform: (row: Uint8Array) => Uint8Array): TableDelta {
    const next = new TableDelta(def);
    for (let handle = 0; handle < this.#heap.handleCount; handle++) {
      const state = this.#heap.state(handle);
      if (state !== 0) next.#keep(transform(this.#heap.row(handle)), state);
    }
    next.#transforms = [...this.#transforms, transform];
    for (const { def: old, next: position } of this.#sequences) next.restoreSequence(old.column, position);
    return next;
  }

  sequencePositions(): SequencePosition[] {
    return this.#sequences.map(({ def, next }) => ({ table: this.def.id, column: def.column, next }));
  }

  restoreSequence(column: number, next: bigint): void {
    const sequence = this.#sequences.find(({ def }) => def.column === column);
    if (sequence !== undefined) sequence.next = next;
  }

  #add(row: Uint8Array): void {
    const layout = layoutOf(this.def.row);
    for (const sequence of this.#sequences) sequence.skip(row, layout.columnStart(row, 0, sequence.def.column));
    const back = this.#removedCount === 0 ? -1 : this.#removed.find(row);
    if (back >= 0) {
      this.#removed.remove(back);
      this.#heap.free(back);
      this.#removedCount -= 1;
    } else {
      this.#keep(row, added);
    }
  }

  #remove(row: Uint8Array): void {
    const own = this.#addedCount === 0 ? -1 : this.#added.find(row);
    if (own >= 0) {
      this.#added.remove(own);
      this.#heap.free(own);
      this.#addedCount -= 1;
    } else {
      this.#keep(row, removed);
    }
  }

  #keep(row: Uint8Array, state: number): void {
    const handle = this.#heap.add(row);
    this.#heap.setState(handle, state);
    if (state === added) {
      this.#added.add(handle);
      this.#addedCount += 1;
    } else {
      this.#removed.add(handle);
      this.#removedCount += 1;
    }
  }
}
