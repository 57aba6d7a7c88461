import { layoutOf } from './bsatn/layout.ts';
import { Reader } from './bsatn/reader.ts';
import { assert } from './errors.ts';
import type { Catalog, CatalogTable } from './module/catalog.ts';
import type { ScheduleDef } from './module/definition.ts';
import { nextTick, Schedule, type Scheduled } from './schedule.ts';
import type { TableChange, TableReader } from './store/contract.ts';
import type { TableId } from './store/definition.ts';

/** A scheduled row whose time has come. */
export interface Firing {
  readonly table: CatalogTable;
  readonly function: ScheduleDef['function'];
  /** The row's primary key: names the row inside its table. */
  readonly key: string;
  /** The row's bytes, a copy: the argument of its function. */
  readonly row: Uint8Array;
  readonly intendedMicros: bigint;
  /** A row that is due once is deleted after its reducer ran, or before its procedure runs. */
  readonly isOnce: boolean;
}

/** Knows which row of which scheduled table fires when. */
export class Timetable {
  readonly #schedule = new Schedule();
  #tables = new Map<TableId, CatalogTable>();

  /** Starts over from the rows that are stored: at the start of a host and after an update of the module. */
  load(catalog: Catalog, reader: (table: TableId) => TableReader, nowMicros: bigint): void {
    this.#schedule.clear();
    this.#tables = new Map(
      catalog.tables.filter((table) => table.declared.schedule).map((table) => [table.stored.id, table]),
    );
    for (const [id, table] of this.#tables) {
      const rows = reader(id);
      for (const handle of rows.scan()) this.#add(table, rows.row(handle), nowMicros);
    }
  }

  /** Follows a commit. */
  follow(changes: readonly TableChange[], nowMicros: bigint): void {
    for (const change of changes) {
      const table = this.#tables.get(change.table);
      if (!table) continue;
      for (const row of change.deletes) this.#schedule.cancel(change.table, keyOf(table, row));
      for (const row of change.inserts) this.#add(table, row, nowMicros);
    }
  }

  nextDueMicros(): bigint | undefined {
    return this.#schedule.nextDueMicros();
  }

  /** Takes the next row that is due and still stored. A row that repeats is put back for its next tick. */
  take(reader: (table: TableId) => TableReader, nowMicros: bigint): Firing | undefined {
    for (let entry = this.#schedule.takeDue(nowMicros); entry; entry = this.#schedule.takeDue(nowMicros)) {
      const firing = this.#fire(entry, reader(entry.table));
      if (!firing) continue;
      if (entry.intervalMicros !== undefined) {
        const dueMicros = nextTick(entry.dueMicros, entry.intervalMicros, nowMicros);
        this.#schedule.add({ ...entry, dueMicros });
      }
      return firing;
    }
    return undefined;
  }

  /** Puts back a row that was taken and is due once. */
  postpone({ table, key, isOnce }: Firing, dueMicros: bigint): void {
    if (isOnce) this.#schedule.add({ table: table.stored.id, key, dueMicros, intervalMicros: undefined });
  }

  #fire(entry: Scheduled, rows: TableReader): Firing | undefined {
    const table = this.#tables.get(entry.table);
    const schedule = table?.declared.schedule;
    const index = primaryIndex(table);
    if (!table || !schedule || !index) return undefined;
    const [handle] = rows.point(index.id, Buffer.from(entry.key, 'latin1'));
    if (handle === undefined) return undefined;
    return {
      table,
      function: schedule.function,
      key: entry.key,
      row: rows.row(handle).slice(),
      intendedMicros: entry.dueMicros,
      isOnce: entry.intervalMicros === undefined,
    };
  }

  #add(table: CatalogTable, row: Uint8Array, nowMicros: bigint): void {
    const { declared, stored } = table;
    assert(declared.schedule, `the table ${declared.name} has no schedule`);
    const at = layoutOf(declared.row).columnStart(row, 0, declared.schedule.column);
    const reader = new Reader(row, at);
    const isInterval = reader.u8() === 0;
    const micros = reader.i64();
    this.#schedule.add({
      table: stored.id,
      key: keyOf(table, row),
      dueMicros: isInterval ? nowMicros + micros : micros,
      intervalMicros: isInterval ? micros : undefined,
    });
  }
}

function keyOf(table: CatalogTable, row: Uint8Array): string {
  const column = table.stored.primaryKey;
  assert(column !== undefined, `the scheduled table ${table.stored.name} has no primary key`);
  const layout = layoutOf(table.stored.row);
  const start = layout.columnStart(row, 0, column);
  return Buffer.from(row.subarray(start, layout.columnEnd(row, start, column))).toString('latin1');
}

function primaryIndex(table: CatalogTable | undefined) {
  const column = table?.stored.primaryKey;
  return table?.stored.indexes.find(
    (index) => index.isUnique && index.columns.length === 1 && index.columns[0] === column,
  );
}
