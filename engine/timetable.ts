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

/** What the clocks of a host show. */
export interface Reading {
  /** As of `Clock.nowMicros`: rows that are due at a time are due by it. */
  readonly wallMicros: bigint;
  /** As of `Clock.steadyMicros`: rows that repeat are due by it, so that they do so whatever becomes of the wall clock. */
  readonly steadyMicros: bigint;
}

/** Knows which row of which scheduled table fires when. */
export class Timetable {
  readonly #instants = new Schedule();
  readonly #intervals = new Schedule();
  #tables = new Map<TableId, CatalogTable>();

  /** Starts over from the rows that are stored: at the start of a host and after an update of the module. */
  load(catalog: Catalog, reader: (table: TableId) => TableReader, steadyMicros: bigint): void {
    this.#instants.clear();
    this.#intervals.clear();
    this.#tables = new Map(
      catalog.tables.filter((table) => table.declared.schedule).map((table) => [table.stored.id, table]),
    );
    for (const [id, table] of this.#tables) {
      const rows = reader(id);
      for (const handle of rows.scan()) this.#add(table, rows.row(handle), steadyMicros);
    }
  }

  /** Follows a commit. */
  follow(changes: readonly TableChange[], steadyMicros: bigint): void {
    for (const change of changes) {
      const table = this.#tables.get(change.table);
      if (!table) continue;
      for (const row of change.deletes) {
        for (const schedule of [this.#instants, this.#intervals]) schedule.cancel(change.table, keyOf(table, row));
      }
      for (const row of change.inserts) this.#add(table, row, steadyMicros);
    }
  }

  /** How long until the next row is due, below 0 when one is late; undefined when none waits. */
  nextDelayMicros({ wallMicros, steadyMicros }: Reading): bigint | undefined {
    const instant = this.#instants.nextDueMicros();
    const tick = this.#intervals.nextDueMicros();
    if (instant === undefined) return tick === undefined ? undefined : tick - steadyMicros;
    const delay = instant - wallMicros;
    return tick === undefined || delay <= tick - steadyMicros ? delay : tick - steadyMicros;
  }

  /** Takes the next row that is due and still stored. A row that repeats is put back for its next tick. */
  take(reader: (table: TableId) => TableReader, now: Reading): Firing | undefined {
    for (let entry = this.#takeDue(now); entry; entry = this.#takeDue(now)) {
      const { dueMicros, intervalMicros } = entry;
      const intendedMicros = intervalMicros === undefined ? dueMicros : now.wallMicros - now.steadyMicros + dueMicros;
      const firing = this.#fire(entry, reader(entry.table), intendedMicros);
      if (!firing) continue;
      if (intervalMicros !== undefined) {
        this.#intervals.add({ ...entry, dueMicros: nextTick(dueMicros, intervalMicros, now.steadyMicros) });
      }
      return firing;
    }
    return undefined;
  }

  /** Puts back a row that was taken and is due once. */
  postpone({ table, key, isOnce }: Firing, dueMicros: bigint): void {
    if (isOnce) this.#instants.add({ table: table.stored.id, key, dueMicros, intervalMicros: undefined });
  }

  /** Takes what has been due for longest, by whichever clock. */
  #takeDue({ wallMicros, steadyMicros }: Reading): Scheduled | undefined {
    const instant = this.#instants.nextDueMicros();
    const tick = this.#intervals.nextDueMicros();
    const isInstant = tick === undefined || (instant !== undefined && wallMicros - instant >= steadyMicros - tick);
    return isInstant ? this.#instants.takeDue(wallMicros) : this.#intervals.takeDue(steadyMicros);
  }

  #fire(entry: Scheduled, rows: TableReader, intendedMicros: bigint): Firing | undefined {
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
      intendedMicros,
      isOnce: entry.intervalMicros === undefined,
    };
  }

  #add(table: CatalogTable, row: Uint8Array, steadyMicros: bigint): void {
    const { declared, stored } = table;
    assert(declared.schedule, `the table ${declared.name} has no schedule`);
    const at = layoutOf(declared.row).columnStart(row, 0, declared.schedule.column);
    const reader = new Reader(row, at);
    const isInterval = reader.u8() === 0;
    const micros = reader.i64();
    const entry = { table: stored.id, key: keyOf(table, row) };
    if (isInterval) this.#intervals.add({ ...entry, dueMicros: steadyMicros + micros, intervalMicros: micros });
    else this.#instants.add({ ...entry, dueMicros: micros, intervalMicros: undefined });
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
