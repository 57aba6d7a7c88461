import { unitType } from '../../../bsatn/special.ts';
import type { ProductType, Type } from '../../../bsatn/type.ts';
import type { ModuleDef } from '../../../module/definition.ts';
import type { QuerySetUpdate, RowList, TableRows } from '../../../query/contract.ts';
import { noRows } from '../../../query/rowlist.ts';
import type { CommitOrigin } from '../../contract.ts';
import type { Writer } from '../writer.ts';
import type { V1Format } from './format.ts';

/** What messages of version 1 say about a database beyond its rows. */
export interface V1Database {
  readonly def: ModuleDef;
  /** The number of a table; 0 for a view. */
  tableId(name: string): number;
}

/** The rows of one table that one query gains and loses. */
interface RowChange {
  readonly table: string;
  readonly inserts: RowList;
  readonly deletes: RowList;
}

/** How a reducer call ended. */
export type V1Status = { readonly update: readonly QuerySetUpdate[] } | { readonly message: string };

/** What a client asked for: repeated in the answer. */
export interface V1Answered {
  readonly requestId: number;
  readonly queryId: number | undefined;
  readonly durationMicros: bigint;
}

/** The client's own call, its arguments as it sent them. */
export interface V1OwnCall {
  readonly requestId: number;
  readonly args: Uint8Array;
  readonly durationMicros: bigint;
}

const noReducer = 0xffff_ffff;

/** Writes the messages of version 1 to clients, as BSATN or as the SATS value that becomes JSON. */
export class V1Writer {
  readonly #writer: Writer;
  readonly #format: V1Format;
  readonly #database: V1Database;

  constructor(writer: Writer, format: V1Format, database: V1Database) {
    this.#writer = writer;
    this.#format = format;
    this.#database = database;
  }

  initialSubscription(rows: readonly TableRows[], { requestId, durationMicros }: V1Answered): void {
    this.#writer.u8(0);
    this.#changes(rows.map(inserted));
    this.#writer.u32(requestId);
    this.#writer.i64(durationMicros);
  }

  /** @param call undefined for those who did not make it: its arguments are not theirs to see */
  transactionUpdate(status: V1Status, origin: CommitOrigin, call: V1OwnCall | undefined): void {
    const writer = this.#writer;
    writer.u8(1);
    if ('update' in status) {
      writer.u8(0);
      this.#update(status.update);
    } else {
      writer.u8(1);
      writer.string(status.message);
    }
    writer.i64(origin.timestampMicros);
    writer.u256(origin.identity);
    writer.u128(origin.connectionId);
    const reducer = this.#database.def.reducers.find(({ name, sourceName, lifecycle }) =>
      [name, sourceName, lifecycle].includes(origin.name),
    );
    writer.string(reducer?.name ?? ('update' in status ? '' : origin.name));
    writer.u32(reducer?.id ?? noReducer);
    writer.byteArray(call?.args ?? new Uint8Array());
    writer.u32(call?.requestId ?? 0);
    // Nothing here counts energy.
    writer.u128(0n);
    writer.i64(call?.durationMicros ?? 0n);
  }

  transactionUpdateLight(update: readonly QuerySetUpdate[]): void {
    this.#writer.u8(2);
    this.#writer.u32(0);
    this.#update(update);
  }

  identityToken(identity: bigint, token: string, connectionId: bigint): void {
    this.#writer.u8(3);
    this.#writer.u256(identity);
    this.#writer.string(token);
    this.#writer.u128(connectionId);
  }

  oneOffQueryResponse(messageId: Uint8Array, result: TableRows | { readonly message: string }, micros: bigint): void {
    const writer = this.#writer;
    writer.u8(4);
    writer.byteArray(messageId);
    if ('message' in result) {
      writer.u8(0);
      writer.string(result.message);
      writer.u32(0);
    } else {
      writer.u8(1);
      writer.u32(1);
      writer.string(result.table);
      this.#rows(result.table, result.rows);
    }
    writer.i64(micros);
  }

  /** @param isMulti whether the answer may have several tables */
  subscribeApplied(rows: readonly TableRows[], answered: V1Answered, isMulti: boolean): void {
    this.#applied(isMulti ? 8 : 5, rows.map(inserted), answered, isMulti);
  }

  /** The rows that the queries had are written as deleted ones. */
  unsubscribeApplied(rows: readonly TableRows[], answered: V1Answered, isMulti: boolean): void {
    this.#applied(isMulti ? 9 : 6, rows.map(deleted), answered, isMulti);
  }

  subscriptionError(message: string, requestId: number | undefined, queryId: number | undefined, micros: bigint): void {
    const writer = this.#writer;
    writer.u8(7);
    writer.u64(micros);
    this.#optionalU32(requestId);
    this.#optionalU32(queryId);
    this.#optionalU32(undefined);
    writer.string(message);
  }

  procedureResult(
    outcome: { readonly value: Uint8Array; readonly type: Type } | { readonly message: string },
    timestampMicros: bigint,
    { requestId, durationMicros }: V1Answered,
  ): void {
    const writer = this.#writer;
    writer.u8(10);
    if ('value' in outcome) {
      writer.u8(0);
      this.#format.value(writer, outcome.value, outcome.type);
    } else {
      writer.u8(2);
      writer.string(outcome.message);
    }
    writer.i64(timestampMicros);
    writer.i64(durationMicros);
    writer.u32(requestId);
  }

  #applied(tag: number, changes: readonly RowChange[], answered: V1Answered, isMulti: boolean): void {
    const writer = this.#writer;
    writer.u8(tag);
    writer.u32(answered.requestId);
    writer.u64(answered.durationMicros);
    writer.u32(answered.queryId ?? 0);
    const [only] = changes;
    if (isMulti || only === undefined) {
      this.#changes(changes);
      return;
    }
    writer.u32(this.#database.tableId(only.table));
    writer.string(only.table);
    this.#table(only.table, [only]);
  }

  #update(update: readonly QuerySetUpdate[]): void {
    this.#changes(update.flatMap(({ tables }) => tables));
  }

  /** A DatabaseUpdate: what several queries say of one table stands together. */
  #changes(changes: readonly RowChange[]): void {
    const byTable = new Map<string, RowChange[]>();
    for (const change of changes) {
      const known = byTable.get(change.table);
      if (known === undefined) byTable.set(change.table, [change]);
      else known.push(change);
    }
    this.#writer.u32(byTable.size);
    for (const [table, parts] of byTable) this.#table(table, parts);
  }

  #table(table: string, changes: readonly RowChange[]): void {
    const writer = this.#writer;
    writer.u32(this.#database.tableId(table));
    writer.string(table);
    const rowCount = changes.reduce((sum, { inserts, deletes }) => sum + inserts.rowCount + deletes.rowCount, 0);
    writer.u64(BigInt(rowCount));
    writer.u32(changes.length);
    for (const { inserts, deletes } of changes) {
      this.#format.beginUpdate(writer);
      this.#rows(table, deletes);
      this.#rows(table, inserts);
    }
  }

  #rows(table: string, rows: RowList): void {
    this.#format.rows(this.#writer, rows, this.#rowType(table));
  }

  #rowType(name: string): ProductType {
    const { tables, views } = this.#database.def;
    return [...tables, ...views].find((relation) => relation.name === name)?.row ?? unitType;
  }

  #optionalU32(value: number | undefined): void {
    this.#writer.u8(value === undefined ? 1 : 0);
    if (value !== undefined) this.#writer.u32(value);
  }
}

function inserted({ table, rows }: TableRows): RowChange {
  return { table, inserts: rows, deletes: noRows };
}

function deleted({ table, rows }: TableRows): RowChange {
  return { table, inserts: noRows, deletes: rows };
}
