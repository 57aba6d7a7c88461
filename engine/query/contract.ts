import type { ProductType } from '../bsatn/type.ts';
import type { Catalog } from '../module/catalog.ts';
import type { ViewDef } from '../module/definition.ts';
import type { Bound, TableChange, Transaction } from '../store/contract.ts';
import type { IndexId, TableId } from '../store/definition.ts';

/** On whose behalf a query runs. The owner sees private tables and bypasses row-level security. */
export interface Caller {
  readonly identity: bigint;
  readonly isOwner: boolean;
}

/** Rows encoded once as a wire BsatnRowList (`size_hint` and `rows_data`) and shared by every client that gets them. */
export interface RowList {
  readonly rowCount: number;
  readonly encoded: Uint8Array;
}

export interface TableRows {
  readonly table: string;
  readonly rows: RowList;
}

export interface TableUpdate {
  readonly table: string;
  /** Rows of an event table are delivered as `inserts` with no `deletes`. */
  readonly isEvent: boolean;
  readonly inserts: RowList;
  readonly deletes: RowList;
}

export interface QuerySetUpdate {
  readonly querySetId: number;
  readonly tables: readonly TableUpdate[];
}

/** What a view's function read while it ran: it is rerun when a commit touches any of it. */
export interface ReadSet {
  /** Tables scanned or counted: any change counts. */
  readonly tables: ReadonlySet<TableId>;
  /** Point reads; `key` is the concatenated BSATN of the index's columns. */
  readonly points: readonly { readonly table: TableId; readonly index: IndexId; readonly key: Uint8Array }[];
  readonly ranges: readonly RangeRead[];
}

/** A read of the rows under a prefix of an index's columns and between two bounds on the column after it. */
export interface RangeRead {
  readonly table: TableId;
  readonly index: IndexId;
  /** The concatenated BSATN of the first `prefixColumns` columns. */
  readonly prefix: Uint8Array;
  readonly prefixColumns: number;
  readonly start: Bound;
  readonly end: Bound;
}

export type ViewResult =
  | { readonly kind: 'rows'; readonly rows: readonly Uint8Array[]; readonly reads: ReadSet }
  /** `reads`: what the function read before it returned the query, not what the query reads. */
  | { readonly kind: 'query'; readonly sql: string; readonly reads: ReadSet };

/** Runs a view's function in the module. `sender` is undefined for an anonymous view. Throws what the view throws. */
export type EvaluateView = (view: ViewDef, sender: bigint | undefined) => ViewResult;

/** The engine's handle on one connected client's subscriptions: any object, compared by identity. */
export type Subscriber = object;

/** Keeps the results of subscriptions and views current, commit by commit. */
export interface Subscriptions {
  /**
   * Adds a query set and returns its rows now.
   * @throws QueryRejection with the message that the client is to see.
   */
  subscribe(subscriber: Subscriber, caller: Caller, querySetId: number, queries: readonly string[]): TableRows[];
  /** Removes a query set and returns its rows now. @throws QueryRejection when it does not exist. */
  unsubscribe(subscriber: Subscriber, querySetId: number): TableRows[];
  /** Forgets everything of a subscriber that has gone. */
  remove(subscriber: Subscriber): void;
  /**
   * Reruns procedural views whose reads the open transaction touched. Throws what a view throws, so that the caller
   * rolls back; `discard` then forgets the rerun results.
   */
  prepare(changes: readonly TableChange[]): void;
  discard(): void;
  /** After the store committed: the deltas of every subscriber that has one. */
  publish(changes: readonly TableChange[]): ReadonlyMap<Subscriber, QuerySetUpdate[]>;
}

/** A one-off query's answer over WebSocket or `/sql`. */
export interface QueryResult {
  readonly table: string;
  readonly row: ProductType;
  readonly rows: readonly Uint8Array[];
}

/** What one statement of a script did. A statement that returns no rows has an empty `row`. */
export interface StatementResult extends QueryResult {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly rowsUpdated: number;
}

/** A checked text of statements. */
export interface Script {
  /** Whether `run` needs a transaction. */
  readonly isWrite: boolean;
  /**
   * Runs the statements in order; each sees what those before it wrote.
   * @throws QueryRejection, StoreRejection; the caller then rolls the transaction back
   */
  run(transaction: Transaction | undefined): StatementResult[];
}

/** A query set that an update of the module has ended. */
export interface EndedQuerySet {
  readonly subscriber: Subscriber;
  readonly querySetId: number;
  /** Why, for the client. */
  readonly message: string;
}

/** Everything that is asked of the rows of one database. */
export interface Queries extends Subscriptions {
  /** Answers a one-off query. @throws QueryRejection */
  query(caller: Caller, sql: string): QueryResult;
  /** Reads a text of statements with semicolons between them. @throws QueryRejection, also for writes of non-owners */
  script(caller: Caller, text: string): Script;
  /**
   * Goes over to the next version of the module, after its tables were altered. What changes for query sets that go on
   * is delivered with the next `publish`.
   * @returns the query sets that cannot go on; they are forgotten
   * @throws QueryRejection when the version's rules of row-level security cannot be used; then nothing has changed
   */
  replaceCatalog(catalog: Catalog): EndedQuerySet[];
}
