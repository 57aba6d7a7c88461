import type { Layout } from '../bsatn/layout.ts';
import type { Bound } from '../store/contract.ts';
import { columnsKey, keyOf } from './value.ts';

/** Gets a row and how often it counts: -1 takes one back. @returns false to get no more */
export type Visit = (row: Uint8Array, weight: number) => boolean;

/** What rows come from: a stored table, or a view's rows kept in memory. Rows are those of now unless it says otherwise. */
export interface Source {
  /** Tells it from all other sources. */
  readonly id: string;
  readonly layout: Layout;
  /** Its rows pass by with their commit and are never found by looking. */
  readonly isEvent: boolean;
  readonly rowCount: number;
  /** What the commit that is being published did to it. */
  readonly change: Change | undefined;
  /** @returns false when `visit` stopped it */
  scan(visit: Visit): boolean;
  /** The ways to find rows by the values of some of these columns. */
  probes(columns: ReadonlySet<number>): readonly Probe[];
  /** A way to find rows by a range of one column, if there is an index for it. */
  range(column: number, lower: Bound, upper: Bound): Scan | undefined;
}

export type Scan = (visit: Visit) => boolean;

/** Finds rows by the values of `columns`. */
export interface Probe {
  readonly columns: readonly number[];
  readonly isUnique: boolean;
  /** How many rows `fetch` would visit. */
  count(key: Uint8Array): number;
  /** `key` is the concatenated BSATN of the columns in their order. @returns false when `visit` stopped it */
  fetch(key: Uint8Array, visit: Visit): boolean;
}

/** The rows that one commit added to and removed from a source. */
export class Change {
  readonly inserts: readonly Uint8Array[];
  readonly deletes: readonly Uint8Array[];
  readonly #layout: Layout;
  readonly #byColumns = new Map<string, Map<string, WeightedRow[]>>();

  constructor(layout: Layout, inserts: readonly Uint8Array[], deletes: readonly Uint8Array[]) {
    this.#layout = layout;
    this.inserts = inserts;
    this.deletes = deletes;
  }

  /** Visits what turns the rows of now into those before the commit: inserted rows with -1, deleted rows with 1. */
  takeBack(visit: Visit): boolean {
    for (const row of this.inserts) if (!visit(row, -1)) return false;
    for (const row of this.deletes) if (!visit(row, 1)) return false;
    return true;
  }

  /** As `takeBack`, only rows with these values in these columns. */
  takeBackWhere(columns: readonly number[], key: Uint8Array, visit: Visit): boolean {
    const name = columns.join();
    let groups = this.#byColumns.get(name);
    if (groups === undefined) {
      groups = groupRows(this.#layout, columns, (collect) => this.takeBack(collect));
      this.#byColumns.set(name, groups);
    }
    for (const { row, weight } of groups.get(keyOf(key)) ?? []) if (!visit(row, weight)) return false;
    return true;
  }
}

export interface WeightedRow {
  readonly row: Uint8Array;
  readonly weight: number;
}

/** The scanned rows by the values of `columns`. */
export function groupRows(layout: Layout, columns: readonly number[], scan: Scan): Map<string, WeightedRow[]> {
  const groups = new Map<string, WeightedRow[]>();
  const key = columnsKey(layout, columns);
  scan((row, weight) => {
    const rowKey = key(row);
    const group = groups.get(rowKey);
    if (group) group.push({ row, weight });
    else groups.set(rowKey, [{ row, weight }]);
    return true;
  });
  return groups;
}
