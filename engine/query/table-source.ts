import { type Layout, layoutOf } from '../bsatn/layout.ts';
import type { Bound, RowHandle, TableReader } from '../store/contract.ts';
import type { IndexDef, TableDef } from '../store/definition.ts';
import type { Change, Probe, Scan, Source, Visit } from './source.ts';

const nothing = new Uint8Array(0);
const unbounded: Bound = { kind: 'unbounded' };

/** A stored table. Visited rows are views into its heap: whoever keeps one copies it. */
export class TableSource implements Source {
  readonly id: string;
  readonly layout: Layout;
  readonly isEvent: boolean;
  change: Change | undefined;
  readonly #reader: () => TableReader | undefined;
  #indexes: readonly IndexDef[];
  #isGone = false;

  constructor(def: TableDef, reader: () => TableReader | undefined) {
    this.id = `t${def.id}`;
    this.layout = layoutOf(def.row);
    this.isEvent = def.isEvent;
    this.#indexes = def.indexes;
    this.#reader = reader;
  }

  get rowCount(): number {
    return this.#readable()?.rowCount ?? 0;
  }

  /** Ends the use of its indexes, and of its table unless that still exists. */
  retire(exists: boolean): void {
    this.#indexes = [];
    this.#isGone = !exists;
  }

  scan(visit: Visit): boolean {
    return this.#visit((reader) => reader.scan(), visit);
  }

  probes(columns: ReadonlySet<number>): Probe[] {
    return this.#indexes.flatMap((index) => {
      const covered = this.#covered(index, columns);
      return covered === 0 ? [] : [this.#probe(index, covered)];
    });
  }

  range(column: number, lower: Bound, upper: Bound): Scan | undefined {
    const index = this.#indexes.find(({ algorithm, columns }) => algorithm !== 'hash' && columns[0] === column);
    if (index === undefined) return undefined;
    return (visit) => this.#visit((reader) => reader.range(index.id, nothing, 0, lower, upper), visit);
  }

  /** How many leading columns of the index are among `columns`; a hash index needs all of its own. */
  #covered(index: IndexDef, columns: ReadonlySet<number>): number {
    let count = 0;
    for (const column of index.columns) {
      if (!columns.has(column)) break;
      count += 1;
    }
    return index.algorithm === 'hash' && count < index.columns.length ? 0 : count;
  }

  #probe(index: IndexDef, covered: number): Probe {
    const isWhole = covered === index.columns.length;
    const find = (reader: TableReader, key: Uint8Array): RowHandle[] =>
      isWhole ? reader.point(index.id, key) : reader.range(index.id, key, covered, unbounded, unbounded);
    return {
      columns: index.columns.slice(0, covered),
      isUnique: isWhole && index.isUnique,
      count: (key) => {
        const reader = this.#readable();
        return reader === undefined ? 0 : find(reader, key).length;
      },
      fetch: (key, visit) => this.#visit((reader) => find(reader, key), visit),
    };
  }

  /** Rows of an event table are never stored. */
  #readable(): TableReader | undefined {
    return this.isEvent || this.#isGone ? undefined : this.#reader();
  }

  #visit(find: (reader: TableReader) => RowHandle[], visit: Visit): boolean {
    const reader = this.#readable();
    if (reader === undefined) return true;
    for (const handle of find(reader)) if (!visit(reader.row(handle), 1)) return false;
    return true;
  }
}
