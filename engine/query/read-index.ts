import { layoutOf } from '../bsatn/layout.ts';
import type { Catalog } from '../module/catalog.ts';
import type { TableChange } from '../store/contract.ts';
import type { IndexId, TableId } from '../store/definition.ts';
import type { ReadSet } from './contract.ts';
import { columnsKey, keyOf } from './value.ts';

/** Who read what, and so whom a change concerns. */
export class ReadIndex<Reader> {
  readonly #catalog: Catalog;
  readonly #tables = new Map<TableId, Set<Reader>>();
  readonly #points = new Map<TableId, Map<IndexId, Points<Reader>>>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  add(reader: Reader, reads: ReadSet): void {
    for (const table of reads.tables) into(this.#tables, table, reader);
    for (const { table, index, key } of reads.points) {
      const points = this.#pointsOf(table, index);
      if (points) into(points.readers, keyOf(key), reader);
      else into(this.#tables, table, reader);
    }
  }

  remove(reader: Reader, reads: ReadSet): void {
    for (const table of reads.tables) outOf(this.#tables, table, reader);
    for (const { table, index, key } of reads.points) {
      const indexes = this.#points.get(table);
      const points = indexes?.get(index);
      if (indexes === undefined || points === undefined) {
        outOf(this.#tables, table, reader);
        continue;
      }
      outOf(points.readers, keyOf(key), reader);
      if (points.readers.size === 0) indexes.delete(index);
      if (indexes.size === 0) this.#points.delete(table);
    }
  }

  /** Those who read any of it. */
  hit(changes: readonly TableChange[]): Set<Reader> {
    const found = new Set<Reader>();
    for (const { table, inserts, deletes } of changes) {
      for (const reader of this.#tables.get(table) ?? []) found.add(reader);
      for (const { keyOfRow, readers } of this.#points.get(table)?.values() ?? []) {
        for (const rows of [inserts, deletes]) {
          for (const row of rows) for (const reader of readers.get(keyOfRow(row)) ?? []) found.add(reader);
        }
      }
    }
    return found;
  }

  /** undefined when there is no such index: any change of the table counts then. */
  #pointsOf(table: TableId, index: IndexId): Points<Reader> | undefined {
    const known = this.#points.get(table)?.get(index);
    if (known !== undefined) return known;
    const stored = this.#catalog.tableById(table)?.stored;
    const def = stored?.indexes.find(({ id }) => id === index);
    if (stored === undefined || def === undefined) return undefined;
    const points = { keyOfRow: columnsKey(layoutOf(stored.row), def.columns), readers: new Map() };
    const indexes = this.#points.get(table) ?? new Map<IndexId, Points<Reader>>();
    this.#points.set(table, indexes.set(index, points));
    return points;
  }
}

interface Points<Reader> {
  readonly keyOfRow: (row: Uint8Array) => string;
  readonly readers: Map<string, Set<Reader>>;
}

function into<Key, Reader>(readers: Map<Key, Set<Reader>>, key: Key, reader: Reader): void {
  const set = readers.get(key);
  if (set) set.add(reader);
  else readers.set(key, new Set([reader]));
}

function outOf<Key, Reader>(readers: Map<Key, Set<Reader>>, key: Key, reader: Reader): void {
  const set = readers.get(key);
  set?.delete(reader);
  if (set?.size === 0) readers.delete(key);
}
