import type { Catalog } from '../module/catalog.ts';
import type { TableChange } from '../store/contract.ts';
import type { IndexId, TableId } from '../store/definition.ts';
import type { ReadSet } from './contract.ts';
import { IndexReaders } from './index-readers.ts';

/** Who read what, and so whom a change concerns. */
export class ReadIndex<Reader> {
  readonly #catalog: Catalog;
  readonly #tables = new Map<TableId, Set<Reader>>();
  readonly #indexes = new Map<TableId, Map<IndexId, IndexReaders<Reader>>>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  add(reader: Reader, { tables, points, ranges }: ReadSet): void {
    for (const table of tables) this.#addTable(table, reader);
    for (const { table, index, key } of points) {
      const readers = this.#open(table, index);
      if (readers) readers.addPoint(key, reader);
      else this.#addTable(table, reader);
    }
    for (const range of ranges) {
      const readers = this.#open(range.table, range.index);
      if (readers) readers.addRange(range, reader);
      else this.#addTable(range.table, reader);
    }
  }

  remove(reader: Reader, { tables, points, ranges }: ReadSet): void {
    for (const table of tables) this.#removeTable(table, reader);
    for (const { table, index, key } of points) this.#indexes.get(table)?.get(index)?.removePoint(key, reader);
    for (const range of ranges) this.#indexes.get(range.table)?.get(range.index)?.removeRange(range, reader);
    for (const { table, index } of [...points, ...ranges]) {
      this.#removeTable(table, reader);
      this.#closeIfEmpty(table, index);
    }
  }

  /** Those who read any of it. */
  hit(changes: readonly TableChange[]): Set<Reader> {
    const found = new Set<Reader>();
    for (const change of changes) {
      for (const reader of this.#tables.get(change.table) ?? []) found.add(reader);
      for (const readers of this.#indexes.get(change.table)?.values() ?? []) {
        for (const row of change.inserts) readers.collect(row, found);
        for (const row of change.deletes) readers.collect(row, found);
      }
    }
    return found;
  }

  #addTable(table: TableId, reader: Reader): void {
    const readers = this.#tables.get(table);
    if (readers) readers.add(reader);
    else this.#tables.set(table, new Set([reader]));
  }

  #removeTable(table: TableId, reader: Reader): void {
    const readers = this.#tables.get(table);
    readers?.delete(reader);
    if (readers?.size === 0) this.#tables.delete(table);
  }

  /** undefined when there is no such index: any change of the table counts then. */
  #open(table: TableId, index: IndexId): IndexReaders<Reader> | undefined {
    const known = this.#indexes.get(table)?.get(index);
    if (known !== undefined) return known;
    const stored = this.#catalog.tableById(table)?.stored;
    const def = stored?.indexes.find(({ id }) => id === index);
    if (stored === undefined || def === undefined) return undefined;
    const readers = new IndexReaders<Reader>(stored.row, def);
    const indexes = this.#indexes.get(table) ?? new Map<IndexId, IndexReaders<Reader>>();
    this.#indexes.set(table, indexes.set(index, readers));
    return readers;
  }

  #closeIfEmpty(table: TableId, index: IndexId): void {
    const indexes = this.#indexes.get(table);
    if (indexes?.get(index)?.isEmpty) indexes.delete(index);
    if (indexes?.size === 0) this.#indexes.delete(table);
  }
}
