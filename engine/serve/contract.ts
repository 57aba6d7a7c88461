import type { Moment } from '../log/moment.ts';
import type { ModuleDef } from '../module/definition.ts';
import type { QuerySetUpdate, RowList, TableRows } from '../query/contract.ts';

/** What clients ask for, whatever the version of their protocol. */
export type ClientMessage =
  | {
      readonly kind: 'subscribe';
      readonly requestId: number;
      readonly querySetId: number;
      readonly queries: readonly string[];
    }
  | {
      readonly kind: 'unsubscribe';
      readonly requestId: number;
      readonly querySetId: number;
      readonly sendDroppedRows: boolean;
    }
  | { readonly kind: 'query'; readonly requestId: number; readonly sql: string }
  | CallMessage<'call-reducer'>
  | CallMessage<'call-procedure'>;

export interface CallMessage<K extends string = string> {
  readonly kind: K;
  readonly requestId: number;
  readonly name: string;
  /** BSATN, or the text of a JSON array. */
  readonly args: Uint8Array | JsonText;
}

export type ReducerOutcome =
  | { readonly kind: 'ok'; readonly update: readonly QuerySetUpdate[] }
  /** The reducer threw a SenderError: its message. */
  | { readonly kind: 'rejected'; readonly message: string }
  /** Anything else: what the caller may know of it. */
  | { readonly kind: 'failed'; readonly message: string };

export type ServerMessage =
  | {
      readonly kind: 'initial-connection';
      readonly identity: bigint;
      readonly connectionId: bigint;
      readonly token: string;
    }
  | {
      readonly kind: 'subscribe-applied' | 'unsubscribe-applied';
      readonly requestId: number;
      readonly querySetId: number;
      /** undefined: the client asked for no rows. */
      readonly rows: readonly TableRows[] | undefined;
    }
  | {
      readonly kind: 'subscription-error';
      readonly requestId: number | undefined;
      readonly querySetId: number;
      readonly message: string;
    }
  | {
      readonly kind: 'transaction-update';
      readonly update: readonly QuerySetUpdate[];
      /** Undefined when there is nothing to tell of it. */
      readonly origin?: CommitOrigin;
    }
  | {
      readonly kind: 'query-result';
      readonly requestId: number;
      readonly result: { readonly table: string; readonly rows: RowList } | { readonly message: string };
    }
  | {
      readonly kind: 'reducer-result';
      readonly requestId: number;
      readonly timestampMicros: bigint;
      readonly outcome: ReducerOutcome;
    }
  | {
      readonly kind: 'procedure-result';
      readonly requestId: number;
      readonly timestampMicros: bigint;
      readonly durationMicros: bigint;
      readonly outcome: { readonly value: Uint8Array } | { readonly message: string };
    };

/** Where a commit comes from: clients of version 1 are told. */
export interface CommitOrigin {
  /** A reducer's canonical name, or what else made the commit. */
  readonly name: string;
  readonly identity: bigint;
  readonly connectionId: bigint;
  readonly timestampMicros: bigint;
}

/** One connected client as the database sees it. The transport implements it. */
export interface Client {
  readonly identity: bigint;
  readonly connectionId: bigint;
  /** The JSON claims text of the connection's token. */
  readonly claims: string;
  /** Queries on event tables are refused. Default: they are not. */
  readonly refusesEventTables?: boolean;
  /**
   * Queues one message. A message that shows commit `offset` is held, and every later one behind it, until that commit
   * is durable, unless the client asked for unconfirmed reads. `offset` is -1 when nothing has been committed.
   */
  deliver(message: ServerMessage, offset: number): void;
  /** Ends the connection from the database's side. */
  close(code: number, reason: string): void;
}

/** A message and who sent it. */
export interface Received {
  readonly client: Client;
  readonly message: ClientMessage;
}

/** The caller of a request over HTTP. */
export interface HttpCaller {
  readonly identity: bigint;
  readonly claims: string;
}

/**
 * JSON already written as text, so that integers of any size stay exact. The transport copies it into its answers and
 * never parses it.
 */
export type JsonText = string;

/**
 * Codes of a `Rejection` that have a status of their own over HTTP; every other rejection is a 400 with its message.
 * `permission-denied` 401, `connect-refused` and `history-hidden` 403, `no-such-database` and `no-such-function` 404, `locked` 409,
 * `busy` and `closed` (try again later) 503,
 * `disk-full` and `memory-full` 507, `reducer-rejected` (a SenderError), `reducer-failed` (anything else a function
 * threw) and `time-limit` 530.
 */
export type StatusCode =
  | 'permission-denied'
  | 'connect-refused'
  | 'history-hidden'
  | 'no-such-database'
  | 'no-such-function'
  | 'locked'
  | 'disk-full'
  | 'memory-full'
  | 'busy'
  | 'closed'
  | 'reducer-rejected'
  | 'reducer-failed'
  | 'time-limit';

export interface SqlAnswer {
  /** SATS-JSON of the product type of the rows. */
  readonly schema: JsonText;
  /** A SATS-JSON array of the rows, each a product as an array. */
  readonly rows: JsonText;
  readonly totalDurationMicros: number;
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly rowsUpdated: number;
}

/** One line of a database's log. */
export interface LogRecord {
  readonly level: 'Error' | 'Warn' | 'Info' | 'Debug' | 'Trace' | 'Panic';
  /** Microseconds since the epoch. */
  readonly ts: bigint;
  readonly function?: string;
  readonly filename?: string;
  readonly lineNumber?: number;
  readonly message: string;
}

/** Somebody who is connected by WebSocket. */
export interface ConnectedClient {
  readonly identity: bigint;
  readonly connectionId: bigint;
  /** When the connection began, in microseconds since the epoch. */
  readonly sinceMicros: bigint;
}

export interface TableSize {
  readonly table: string;
  readonly rowCount: number;
  /** Memory of rows and indexes. */
  readonly bytes: number;
}

/** A request to one of the module's own HTTP handlers. */
export interface RouteRequest {
  /** Upper case. */
  readonly method: string;
  /** What follows `/v1/database/:name/route`: empty or starting with `/`, without the query. */
  readonly path: string;
  readonly uri: string;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
  readonly body: Uint8Array;
}

export interface RouteResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
  readonly body: Uint8Array;
}

/** A database as the transport sees it. */
export interface Database {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly def: ModuleDef;
  /** The number of a table; 0 for a view. */
  tableId(name: string): number;
  /** 64 hex digits that name the module's bundle. */
  readonly programHash: string;
  /** A locked database cannot be deleted or reset. */
  readonly isLocked: boolean;
  /** The newest commit known durable; -1 for none. */
  readonly durableOffset: number;
  /** The newest commit; -1 for none. */
  readonly offset: number;
  /** Calls `listener` whenever `durableOffset` has grown; returns how to stop. */
  onDurable(listener: () => void): () => void;
  /** Runs the connect hook. @throws Rejection `connect-refused`; the transport then closes the socket with its message. */
  connect(client: Client): void;
  /** Runs the disconnect hook and forgets the client's subscriptions. */
  disconnect(client: Client): void;
  /**
   * Handles messages in their order, until there are none; every reply goes through its client's `deliver`. When it
   * throws, the message taken last came to nothing, and the others can be handled by another call.
   */
  handle(received: Iterator<Received>): void;
  /**
   * A call over HTTP, with connect and disconnect around it; settles when its commit is durable. `args` is the text of a
   * JSON array, or of an object by parameter name.
   * @throws Rejection `connect-refused`, `no-such-function`, `reducer-rejected`, `reducer-failed`, or any other code for
   * arguments that do not fit and functions that clients may not call.
   */
  callHttp(caller: HttpCaller, name: string, args: JsonText): Promise<CallAnswer>;
  /** Runs `;`-separated statements. `confirmed` waits until what they show is durable. @throws Rejection */
  sql(caller: HttpCaller, text: string, confirmed: boolean): Promise<SqlAnswer[]>;
  /** Runs the module's HTTP handler for this request; undefined when no route matches. */
  route(request: RouteRequest): Promise<RouteResponse | undefined>;
  /**
   * Who changed what, the newest first, as far as the module lets the caller see it. It shows durable commits only.
   * @throws Rejection `history-hidden`, `history-rules`, `busy`; LogRejection what is damaged
   */
  history(caller: HttpCaller, filter: HistoryFilter): Promise<HistoryPage>;
  /** Newest lines last. `follow` is called for each line to come until the returned function is called. */
  logs(lineCount: number | undefined): readonly LogRecord[];
  followLogs(listener: (record: LogRecord) => void): () => void;
  /** Who is connected by WebSocket, newest last. */
  readonly connected: readonly ConnectedClient[];
  /** What each table holds, in the module's order. */
  tableSizes(): readonly TableSize[];
  /** SATS-JSON of the module definition. */
  schema(version: 9 | 10): JsonText;
}

/** Whatever is given must hold of a commit. */
export interface HistoryFilter {
  /** Only commits with a smaller offset: what the page before says is next. */
  readonly before?: number;
  /** Commits on a page. */
  readonly limit: number;
  readonly caller?: bigint;
  /** What made the commit: a reducer's canonical name. */
  readonly action?: string;
  readonly sinceMicros?: bigint;
  readonly untilMicros?: bigint;
  /** Changed a visible row that has one of these values in a visible column. */
  readonly about?: readonly HistorySubject[];
  /** Only what the rules with this value let through. */
  readonly scope?: string;
}

export interface HistorySubject {
  readonly table: string;
  readonly column: string;
  readonly value: string;
}

/** Commits, the newest first. */
export interface HistoryPage {
  /**
   * One JSON object each: `offset`, `time`, `action`, `caller` and `changes` of `table`, `before` and `after`; `more` counts
   * changes that are left out. Integers of 64 bits and more are strings.
   */
  readonly commits: readonly JsonText[];
  /** Where the next page begins. There may be fewer commits than asked for before it; undefined when there is no more. */
  readonly next: number | undefined;
  /** The oldest commit that is kept: 0 while nothing was trimmed. */
  readonly beginsAt: number;
}

export type CallAnswer =
  | { readonly kind: 'reducer'; readonly durationMicros: number }
  | { readonly kind: 'procedure'; readonly value: JsonText; readonly durationMicros: number };

/** The databases of one host, by name and identity. */
export interface Databases {
  /** Accepts a name or an identity in hex. */
  find(nameOrIdentity: string): Database | undefined;
  names(database: Database): readonly string[];
  ownedBy(identity: bigint): readonly Database[];
  /** Calls `listener` after a database was made, deleted, reset, locked or named; returns how to stop. */
  onChange(listener: () => void): () => void;
  /**
   * Creates or updates a database from an ES module bundle.
   * @throws Rejection `permission-denied`, or any other code with the text that the publisher is to see.
   */
  publish(request: PublishRequest): Promise<{ readonly database: Database; readonly op: 'created' | 'updated' }>;
  planPublish(request: PublishRequest): Promise<PublishPlan>;
  /** @throws Rejection `locked` */
  delete(database: Database): Promise<void>;
  /** Throws all rows away and starts again, from `bundle` when there is one. @throws Rejection `locked` */
  reset(database: Database, bundle: string | undefined): Promise<void>;
  /**
   * Makes a second database from a past state of one, or from what is durable now. It has the same owner.
   * @throws Rejection `name-taken`, `no-commits`, `log-incomplete` when the moment is before what is kept
   */
  fork(
    database: Database,
    name: string,
    until: Moment | undefined,
  ): Promise<{ readonly database: Database; readonly commitCount: number }>;
  setLocked(database: Database, isLocked: boolean): Promise<void>;
  /** Replaces the database's names. The transport has checked that each is well formed and not another database's. */
  rename(database: Database, names: readonly string[]): Promise<void>;
}

export interface PublishRequest {
  /** A name or an identity in hex; undefined makes a database without a name. */
  readonly name: string | undefined;
  readonly owner: bigint;
  readonly bundle: string;
  readonly clear: boolean;
  readonly breakClients: boolean;
  readonly token: string | undefined;
}

export type PublishPlan =
  | { readonly kind: 'auto'; readonly plan: string; readonly breaksClients: boolean; readonly token: string }
  | { readonly kind: 'manual'; readonly reason: string };
