import { assert } from '../errors.ts';
import type { ModuleDef } from '../module/definition.ts';
import type { QuerySetUpdate, RowList, TableRows } from '../query/contract.ts';
import type { RelationName, RelationRow, UntypedRow } from './module-types.ts';
import { decodeRow, findNamed, relationRow, splitRows } from './rows.ts';

/** What one commit changed in one table or view of a replica. */
export interface Delta {
  /** The canonical name. */
  readonly table: string;
  readonly inserts: readonly UntypedRow[];
  readonly deletes: readonly UntypedRow[];
}

/** How a replica reaches its connection. */
export interface ReplicaLink {
  def(): ModuleDef;
  unsubscribe(querySetId: number): void;
}

interface Held {
  readonly row: UntypedRow;
  /** A row that several queries of the set select is held once and counted. */
  count: number;
}

/**
 * A live copy of what some queries select, kept by the deltas alone. It checks the engine as it goes: a delta that
 * removes a row which is not there is an AssertionError.
 */
export class Replica<M = unknown> {
  readonly queries: readonly string[];
  /** Every delta since the subscription, or since the hub went back in time; the oldest first. */
  readonly deltas: Delta[] = [];
  readonly #querySetId: number;
  readonly #link: ReplicaLink;
  readonly #tables = new Map<string, Map<string, Held>>();

  /** Made by `TestClient.subscribe`. */
  constructor(queries: readonly string[], querySetId: number, link: ReplicaLink) {
    this.queries = queries;
    this.#querySetId = querySetId;
    this.#link = link;
  }

  /** The rows now, of one table or view. */
  rows<K extends RelationName<M>>(name: K): RelationRow<M, K>[] {
    const { tables, views } = this.#link.def();
    const held = this.#tables.get(findNamed('relation', [...tables, ...views], name).name);
    return [...(held?.values() ?? [])].map(({ row }) => row as RelationRow<M, K>);
  }

  /** Ends the subscription; the rows stay as they are. */
  unsubscribe(): void {
    this.#link.unsubscribe(this.#querySetId);
  }

  /** Starts over from the rows of a new subscription. */
  reset(tables: readonly TableRows[]): void {
    this.#tables.clear();
    this.deltas.length = 0;
    for (const { table, rows } of tables) this.#insert(table, rows);
  }

  /** Takes over what one commit changed. */
  apply({ tables }: QuerySetUpdate): void {
    const deltas = new Map<string, { table: string; inserts: UntypedRow[]; deletes: UntypedRow[] }>();
    for (const { table, isEvent, inserts, deletes } of tables) {
      const delta = deltas.get(table) ?? { table, inserts: [], deletes: [] };
      deltas.set(table, delta);
      delta.deletes.push(...this.#delete(table, deletes));
      delta.inserts.push(...(isEvent ? this.#events(table, inserts) : this.#insert(table, inserts)));
    }
    this.deltas.push(...deltas.values());
  }

  /** @returns the rows that were not there */
  #insert(table: string, list: RowList): UntypedRow[] {
    const held = this.#tables.get(table) ?? new Map<string, Held>();
    this.#tables.set(table, held);
    const added: UntypedRow[] = [];
    for (const { key, row } of this.#decode(table, list)) {
      const known = held.get(key);
      if (known) {
        known.count += 1;
        continue;
      }
      held.set(key, { row, count: 1 });
      added.push(row);
    }
    return added;
  }

  /** @returns the rows that are there no more */
  #delete(table: string, list: RowList): UntypedRow[] {
    const held = this.#tables.get(table);
    const removed: UntypedRow[] = [];
    for (const { key, row } of this.#decode(table, list)) {
      const known = held?.get(key);
      assert(held && known, `a delta removes a row of ${table} that its subscriber does not have`);
      known.count -= 1;
      if (known.count > 0) continue;
      held.delete(key);
      removed.push(row);
    }
    return removed;
  }

  #events(table: string, list: RowList): UntypedRow[] {
    return this.#decode(table, list).map(({ row }) => row);
  }

  #decode(table: string, list: RowList): { readonly key: string; readonly row: UntypedRow }[] {
    const type = relationRow(this.#link.def(), table);
    return splitRows(type, list).map((bytes) => ({
      key: Buffer.from(bytes).toString('latin1'),
      row: decodeRow(type, bytes),
    }));
  }
}
