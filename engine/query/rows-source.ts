import { type Layout, layoutOf } from '../bsatn/layout.ts';
import type { ProductType } from '../bsatn/type.ts';
import { equalBytes } from '../store/bytes.ts';
import { Change, groupRows, type Probe, type Source, type Visit, type WeightedRow } from './source.ts';
import { keyOf } from './value.ts';

/** The rows that a view's function returned, kept in memory. The same row may occur several times. */
export class RowsSource implements Source {
  readonly id: string;
  readonly layout: Layout;
  readonly isEvent = false;
  change: Change | undefined;
  #rows: readonly Uint8Array[];
  /** Built when first needed, dropped when the rows change. */
  readonly #byColumns = new Map<string, ReadonlyMap<string, readonly WeightedRow[]>>();

  constructor(id: string, row: ProductType, rows: readonly Uint8Array[]) {
    this.id = id;
    this.layout = layoutOf(row);
    this.#rows = rows;
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  /** Replaces the rows and notes the difference in `change`. */
  replace(rows: readonly Uint8Array[]): void {
    this.change = difference(this.layout, this.#rows, rows);
    this.#rows = rows;
    this.#byColumns.clear();
  }

  scan(visit: Visit): boolean {
    for (const row of this.#rows) if (!visit(row, 1)) return false;
    return true;
  }

  probes(columns: ReadonlySet<number>): Probe[] {
    if (columns.size === 0) return [];
    const ordered = [...columns].sort((a, b) => a - b);
    return [
      {
        columns: ordered,
        isUnique: false,
        count: (key) => this.#grouped(ordered).get(keyOf(key))?.length ?? 0,
        fetch: (key, visit) => {
          for (const { row } of this.#grouped(ordered).get(keyOf(key)) ?? []) if (!visit(row, 1)) return false;
          return true;
        },
      },
    ];
  }

  range(): undefined {
    return undefined;
  }

  #grouped(columns: readonly number[]): ReadonlyMap<string, readonly WeightedRow[]> {
    const name = columns.join();
    let groups = this.#byColumns.get(name);
    if (groups === undefined) {
      groups = groupRows(this.layout, columns, (visit) => this.scan(visit));
      this.#byColumns.set(name, groups);
    }
    return groups;
  }
}

/** The difference of two bags of rows, or undefined when they are equal. */
function difference(layout: Layout, before: readonly Uint8Array[], after: readonly Uint8Array[]): Change | undefined {
  // A function that runs again mostly returns what it did before, but for a few rows.
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && isSame(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < least - head && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
  const surplus = new Map<string, { row: Uint8Array; count: number }>();
  for (const row of before.slice(head, before.length - tail)) count(surplus, row, -1);
  for (const row of after.slice(head, after.length - tail)) count(surplus, row, 1);
  const inserts: Uint8Array[] = [];
  const deletes: Uint8Array[] = [];
  for (const entry of surplus.values()) {
    for (let i = 0; i < entry.count; i++) inserts.push(entry.row);
    for (let i = 0; i > entry.count; i--) deletes.push(entry.row);
  }
  return inserts.length + deletes.length === 0 ? undefined : new Change(layout, inserts, deletes);
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other || one.length !== other.length) return false;
  return equalBytes(one, 0, other, 0, one.length);
}

function count(surplus: Map<string, { row: Uint8Array; count: number }>, row: Uint8Array, weight: number): void {
  const key = keyOf(row);
  const entry = surplus.get(key);
  if (entry) entry.count += weight;
  else surplus.set(key, { row, count: weight });
}
