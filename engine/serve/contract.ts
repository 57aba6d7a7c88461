import type { ModuleDef } from '../module/definition.ts';
import type { QuerySetUpdate, RowList, TableRows } from '../query/contract.ts';

/** Messages of the v2 and v3 WebSocket protocols, decoded. */
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
  | {
      readonly kind: 'call-reducer' | 'call-procedure';
      readonly requestId: number;
      readonly name: string;
      readonly args: Uint8Array;
    };

export type ReducerOutcome =
  | { readonly kind: 'ok'; readonly update: readonly QuerySetUpdate[] }
  /** The reducer threw a SenderError: its message. */
  | { readonly kind: 'rejected'; readonly message: string }
  /** Anything else: what the caller may know of it. */
  | { readonly kind: 'failed'; readonly message: string };

export type ServerMessage =
  | { readonly kind: 'initial-connection'; readonly identity: bigint; readonly connectionId: bigint; readonly token: string }
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
  | { readonly kind: 'transaction-update'; readonly update: readonly QuerySetUpdate[] }
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

/** One connected client as the database sees it. The transport implements it. */
export interface Client {
  readonly identity: bigint;
  readonly connectionId: bigint;
  /** The JSON claims text of the connection's token. */
  readonly claims: string;
  /**
   * Queues one message. A message that shows commit `offset` is held, and every later one behind it, until that commit
   * is durable, unless the client asked for unconfirmed reads. `offset` is -1 when nothing has been committed.
   */
  deliver(message: ServerMessage, offset: number): void;
  /** Ends the connection from the database's side. */
  close(code: number, reason: string): void;
}

/** The caller of a request over HTTP. */
export interface HttpCaller {
  readonly identity: bigint;
  readonly claims: string;
}

export interface SqlAnswer {
  /** SATS-JSON of the product type of the rows. */
  readonly schema: unknown;
  /** Rows as SATS-JSON arrays. */
  readonly rows: readonly unknown[];
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

/** A database as the transport sees it. */
export interface Database {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly def: ModuleDef;
  /** The newest commit known durable; -1 for none. */
  readonly durableOffset: number;
  /** The newest commit; -1 for none. */
  readonly offset: number;
  /** Calls `listener` whenever `durableOffset` has grown; returns how to stop. */
  onDurable(listener: () => void): () => void;
  /** Runs the connect hook. @throws CallRejection when it refuses; the transport then closes the socket. */
  connect(client: Client): void;
  /** Runs the disconnect hook and forgets the client's subscriptions. */
  disconnect(client: Client): void;
  /** Handles messages of one client in their order; every reply goes through `client.deliver`. */
  handle(client: Client, messages: readonly ClientMessage[]): void;
  /** A call over HTTP, with connect and disconnect around it. `args` is a JSON array or an object by parameter name. */
  callHttp(caller: HttpCaller, name: string, args: unknown): Promise<CallAnswer>;
  sql(caller: HttpCaller, text: string, confirmed: boolean): Promise<SqlAnswer[]>;
  /** Newest lines last. `follow` is called for each line to come until the returned function is called. */
  logs(lineCount: number | undefined): readonly LogRecord[];
  followLogs(listener: (record: LogRecord) => void): () => void;
  /** SATS-JSON of the module definition. */
  schema(version: 9 | 10): unknown;
}

export type CallAnswer =
  | { readonly kind: 'reducer'; readonly durationMicros: number }
  | { readonly kind: 'procedure'; readonly value: unknown; readonly durationMicros: number };

/** The databases of one host, by name and identity. */
export interface Databases {
  /** Accepts a name or an identity in hex. */
  find(nameOrIdentity: string): Database | undefined;
  names(database: Database): readonly string[];
  ownedBy(identity: bigint): readonly Database[];
  /**
   * Creates or updates a database from an ES module bundle.
   * @throws PublishRejection with the text that the publisher is to see.
   */
  publish(request: PublishRequest): Promise<{ readonly database: Database; readonly op: 'created' | 'updated' }>;
  planPublish(request: PublishRequest): Promise<PublishPlan>;
  delete(database: Database): Promise<void>;
  rename(database: Database, names: readonly string[]): void;
}

export interface PublishRequest {
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
