import type { Origin } from './call.ts';
import type { CommitLog } from './log/log.ts';
import type { Catalog } from './module/catalog.ts';
import type { HeapChange } from './store/change.ts';
import type { SequencePosition, TableChange } from './store/contract.ts';
import type { TableId } from './store/definition.ts';
import type { Store } from './store/store.ts';
import { positionRow, positionTableId } from './system.ts';

/** Of a row and of a commit in the log, beside the bytes of rows; the latter with room for a batch's header. */
const rowOverheadBytes = 4;
const commitOverheadBytes = 256;
/** What goes on when there is no room: clients come and go; an update has been judged before it began. */
const neededOrigins: ReadonlySet<string> = new Set(['connect', 'disconnect', 'publish']);

/** Writes into the log what of each commit is to be kept. Rows of event tables are seen and gone. */
export class Recorder {
  readonly #log: CommitLog;
  readonly #store: Store;
  #eventTables: ReadonlySet<TableId>;

  constructor(log: CommitLog, store: Store, catalog: Catalog) {
    this.#log = log;
    this.#store = store;
    this.#eventTables = eventTablesOf(catalog);
  }

  replaceCatalog(catalog: Catalog): void {
    this.#eventTables = eventTablesOf(catalog);
  }

  /**
   * Whether changes can be kept. On a full disk what makes rows fewer goes on, and so do the comings and goings of clients.
   * @throws Rejection `disk-full`, `memory-full`, `log-failed`
   */
  requireRoom(origin: Origin, changes: readonly HeapChange[]): void {
    const isNeededAnyway = neededOrigins.has(origin.name);
    if (!isNeededAnyway) this.#store.requireMemory();
    const kept = this.#kept(changes);
    if (kept.length === 0) return;
    let [insertedBytes, deletedBytes] = [0, 0];
    for (const change of kept) {
      insertedBytes += change.insertedBytes + change.insertCount * rowOverheadBytes;
      deletedBytes += change.deletedBytes + change.deleteCount * rowOverheadBytes;
    }
    const isNeeded = isNeededAnyway || insertedBytes <= deletedBytes;
    this.#log.requireRoom(commitOverheadBytes + insertedBytes + deletedBytes, isNeeded);
  }

  /** What has nothing to be kept is no commit. */
  record(origin: Origin, changes: readonly HeapChange[], positions: readonly SequencePosition[]): void {
    let kept: readonly TableChange[] = this.#kept(changes);
    if (positions.length > 0) {
      kept = [...kept, { table: positionTableId, inserts: positions.map(positionRow), deletes: [] }];
    }
    if (kept.length === 0) return;
    this.#log.append({
      offset: this.#log.offset + 1,
      timestampMicros: origin.timestampMicros,
      origin: origin.name,
      caller: origin.identity,
      connectionId: origin.connectionId,
      changes: kept,
    });
  }

  #kept(changes: readonly HeapChange[]): readonly HeapChange[] {
    return this.#eventTables.size === 0 ? changes : changes.filter(({ table }) => !this.#eventTables.has(table));
  }
}

function eventTablesOf(catalog: Catalog): ReadonlySet<TableId> {
  return new Set(catalog.tables.filter(({ stored }) => stored.isEvent).map(({ stored }) => stored.id));
}
