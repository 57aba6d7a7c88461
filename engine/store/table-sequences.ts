import type { Layout } from '../bsatn/layout.ts';
import type { HeapChange } from './change.ts';
import type { RowHandle, SequencePosition } from './contract.ts';
import type { TableDef } from './definition.ts';
import type { Heap } from './heap.ts';
import { Sequence } from './sequence.ts';

const nothing = new Uint8Array();

/** The sequences of one table, by the order of their columns. */
export class TableSequences {
  readonly all: readonly Sequence[];
  readonly #def: TableDef;
  readonly #layout: Layout;
  readonly #heap: Heap;

  constructor(def: TableDef, layout: Layout, heap: Heap) {
    this.#def = def;
    this.#layout = layout;
    this.#heap = heap;
    this.all = def.sequences
      .map((sequence) => new Sequence(sequence, def.row))
      .sort((a, b) => a.def.column - b.def.column);
  }

  of(column: number): Sequence | undefined {
    return this.all.find(({ def }) => def.column === column);
  }

  positions(sequences = this.all): SequencePosition[] {
    return sequences.map(({ def, next }) => ({ table: this.#def.id, column: def.column, next }));
  }

  /** Fills the columns of a row that are 0. @returns the values, one after the other */
  generate(handle: RowHandle): Uint8Array {
    if (this.all.length === 0) return nothing;
    const page = this.#heap.page(handle);
    const start = this.#heap.start(handle);
    let generated = nothing;
    for (let i = 0; i < this.all.length; i++) {
      const sequence = this.all[i] as Sequence;
      const at = this.#layout.columnStart(page, start, sequence.def.column);
      if (!sequence.isZero(page, at)) continue;
      sequence.take(page, at);
      const before = generated;
      generated = new Uint8Array(before.length + sequence.size);
      generated.set(before);
      for (let byte = 0; byte < sequence.size; byte++) generated[before.length + byte] = page[at + byte] as number;
    }
    return generated;
  }

  /** Moves past the values of a stored row. */
  skip(handle: RowHandle): void {
    const page = this.#heap.page(handle);
    const start = this.#heap.start(handle);
    for (const sequence of this.all) {
      sequence.skip(page, this.#layout.columnStart(page, start, sequence.def.column));
    }
  }

  /** Where those stand that gave values which a replay of this change would not skip. */
  unshownPositions(change: HeapChange | undefined): SequencePosition[] {
    if (this.all.length === 0) return [];
    const last = this.#def.isEvent ? undefined : change?.lastInsert;
    return this.positions(
      this.all.filter((sequence) =>
        sequence.isAheadOf(last, last ? this.#layout.columnStart(last, 0, sequence.def.column) : 0),
      ),
    );
  }
}
