import { bsatnOfJson, parseJson } from './bsatn/satsjson-read.ts';
import { jsonTupleText } from './bsatn/satsjson-write.ts';
import type { Engine } from './engine.ts';
import { Rejection } from './errors.ts';
import type { DefinitionRow, HistorySource } from './history/contract.ts';
import { historyRules } from './history/rules.ts';
import type { Random } from './host/random.ts';
import { Messages } from './messages.ts';
import type { ModuleDef, ProcedureDef, ReducerDef } from './module/definition.ts';
import type { Names } from './names.ts';
import { hashBundle } from './program.ts';
import type {
  CallAnswer,
  Client,
  ConnectedClient,
  Database,
  HistoryFilter,
  HistoryPage,
  HttpCaller,
  JsonText,
  LogRecord,
  Received,
  RouteRequest,
  RouteResponse,
  SqlAnswer,
  TableSize,
} from './serve/contract.ts';
import type { SnapshotKeeper } from './snapshots/keeper.ts';
import { runSql } from './sql.ts';
import { nameTable, programTable } from './system.ts';

/** What the registry keeps of a database. */
export interface DatabaseEntry {
  readonly identity: string;
  readonly owner: string;
  names: string[];
  isLocked: boolean;
  /** Where its log is: another one after each reset. */
  readonly folder: string;
}

interface DatabaseParts {
  readonly entry: DatabaseEntry;
  readonly engine: Engine;
  readonly names: Names;
  readonly bundle: string;
  readonly random: Random;
  readonly keeper: SnapshotKeeper;
  /** Where its log is. */
  readonly directory: string;
  readonly history: HistorySource;
}

/** An engine as the transport sees it: connections straight through, requests over HTTP as short connections. */
export class HostedDatabase implements Database {
  readonly engine: Engine;
  readonly entry: DatabaseEntry;
  readonly names: Names;
  /** The module that runs now. */
  bundle: string;
  /** In the order in which they came. Calls over HTTP are too short to be listed. */
  readonly #connected = new Map<Client, ConnectedClient>();
  readonly #messages: Messages;
  readonly #random: Random;
  readonly #keeper: SnapshotKeeper;
  readonly #directory: string;
  readonly #history: HistorySource;

  constructor(parts: DatabaseParts) {
    this.engine = parts.engine;
    this.entry = parts.entry;
    this.names = parts.names;
    this.bundle = parts.bundle;
    this.#messages = new Messages(parts.engine);
    this.#random = parts.random;
    this.#keeper = parts.keeper;
    this.#directory = parts.directory;
    this.#history = parts.history;
  }

  /** Ends everything that works on it. @param reason what the clients are told */
  async close(reason?: string): Promise<void> {
    await this.#keeper.close();
    await this.engine.close(reason);
  }

  /** `close` for an engine that cannot be trusted any more. */
  async abandon(): Promise<void> {
    await this.#keeper.close();
    await this.engine.abandon();
  }

  get identity(): bigint {
    return this.engine.identity;
  }

  get owner(): bigint {
    return this.engine.owner;
  }

  get def(): ModuleDef {
    return this.engine.def;
  }

  tableId(name: string): number {
    return this.engine.catalog.tableByName(name)?.stored.id ?? 0;
  }

  get programHash(): string {
    return hashBundle(this.bundle);
  }

  get isLocked(): boolean {
    return this.entry.isLocked;
  }

  get offset(): number {
    return this.engine.offset;
  }

  get durableOffset(): number {
    return this.engine.durableOffset;
  }

  onDurable(listener: () => void): () => void {
    return this.engine.onDurable(listener);
  }

  get connected(): readonly ConnectedClient[] {
    return [...this.#connected.values()];
  }

  connect(client: Client): void {
    this.engine.clients.connect(client);
    const { identity, connectionId } = client;
    this.#connected.set(client, { identity, connectionId, sinceMicros: this.engine.nowMicros() });
  }

  disconnect(client: Client): void {
    this.#connected.delete(client);
    this.engine.clients.disconnect(client);
  }

  handle(received: Iterator<Received>): void {
    this.#messages.handle(received);
  }

  async callHttp(caller: HttpCaller, name: string, args: JsonText): Promise<CallAnswer> {
    const reducer = this.engine.reducer(name);
    const def = reducer ?? this.engine.procedure(name);
    if (!def) throw new Rejection('no-such-function', `no such reducer or procedure: \`${name}\``);
    if (!def.isCallable) {
      const what = reducer?.lifecycle ? 'a lifecycle reducer' : 'private';
      throw new Rejection('not-callable', `\`${name}\` is ${what} and cannot be called by clients`);
    }
    const bytes = bsatnOfJson({ kind: 'product', fields: def.params }, parseJson(args), 'arguments');
    return await this.#briefly(caller, async (client) => {
      const startedMs = performance.now();
      const answer =
        'returns' in def ? await this.#askProcedure(def, client, bytes) : this.#askReducer(def, client, bytes);
      const durationMicros = Math.round((performance.now() - startedMs) * 1000);
      await this.engine.durable(this.engine.offset);
      return { ...answer, durationMicros };
    });
  }

  async sql(caller: HttpCaller, text: string, confirmed: boolean): Promise<SqlAnswer[]> {
    return await this.#briefly(caller, async (client) => {
      const answers = runSql(this.engine, client.identity, text);
      if (confirmed) await this.engine.durable(this.engine.offset);
      return answers;
    });
  }

  async route(request: RouteRequest): Promise<RouteResponse | undefined> {
    const route = this.def.httpRoutes.find(
      ({ method, path }) => path === request.path && (method === 'ANY' || method === request.method),
    );
    if (!route) return undefined;
    const response = await this.engine.procedures.handle(route.handler, request);
    await this.engine.durable(this.engine.offset);
    return response;
  }

  async history(caller: HttpCaller, filter: HistoryFilter): Promise<HistoryPage> {
    const { catalog, queries, store, offset } = this.engine;
    const source = { catalog, query: queries.query.bind(queries) };
    const rules = historyRules(source, this.engine.callerOf(caller.identity));
    const definitions = [programTable.id, nameTable.id].flatMap((table): DefinitionRow[] => {
      const rows = store.table(table);
      return rows.scan().map((handle) => ({ table, row: rows.row(handle).slice() }));
    });
    await this.engine.durable(offset);
    return await this.#history.page({ directory: this.#directory, lastOffset: offset, definitions, rules, filter });
  }

  logs(lineCount: number | undefined): readonly LogRecord[] {
    return this.engine.logs.newest(lineCount);
  }

  followLogs(listener: (record: LogRecord) => void): () => void {
    return this.engine.logs.follow(listener);
  }

  tableSizes(): readonly TableSize[] {
    const { catalog, store } = this.engine;
    const statistics = new Map(store.statistics().map((entry) => [entry.table, entry]));
    return catalog.tables.map(({ stored: { id, name } }) => {
      const { rowCount = 0, heapBytes = 0, indexBytes = 0 } = statistics.get(id) ?? {};
      return { table: name, rowCount, bytes: heapBytes + indexBytes };
    });
  }

  schema(version: 9 | 10): JsonText {
    return this.engine.schemaText(version);
  }

  #askReducer(reducer: ReducerDef, client: Client, args: Uint8Array): { readonly kind: 'reducer' } {
    const origin = this.engine.origin(reducer.name, client.identity, client.connectionId);
    const result = this.engine.call(reducer, origin, args, client);
    if (result.kind === 'refused') throw new Rejection(result.code, result.message);
    if (result.kind !== 'ok') throw new Rejection(`reducer-${result.kind}`, result.message);
    return { kind: 'reducer' };
  }

  async #askProcedure(
    procedure: ProcedureDef,
    client: Client,
    args: Uint8Array,
  ): Promise<{ readonly kind: 'procedure'; readonly value: JsonText }> {
    const origin = this.engine.origin(procedure.name, client.identity, client.connectionId);
    const value = await this.engine.procedures.call(procedure, origin, args);
    return { kind: 'procedure', value: jsonTupleText(procedure.returns, value) };
  }

  /** A request's own short connection, with the hooks around it. */
  async #briefly<T>(caller: HttpCaller, run: (client: Client) => Promise<T>): Promise<T> {
    const client: Client = { ...caller, connectionId: this.#connectionId(), deliver: () => {}, close: () => {} };
    this.engine.clients.connect(client);
    try {
      return await run(client);
    } finally {
      this.engine.clients.disconnect(client);
    }
  }

  #connectionId(): bigint {
    const bytes = this.#random.bytes(16);
    return BigInt(`0x${Buffer.from(bytes).toString('hex')}`) || 1n;
  }
}
