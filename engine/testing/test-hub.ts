import { Identity, Timestamp } from 'spacetimedb';
import type { HostedDatabase } from '../database.ts';
import { LocalDatabases } from '../databases.ts';
import { assert } from '../errors.ts';
import { nodeClock } from '../host/node/clock.ts';
import { VirtualClock } from '../host/sim/clock.ts';
import { MemoryDisk } from '../log/testing/memory-disk.ts';
import type { HistoryFilter, HistoryPage, LogRecord } from '../serve/contract.ts';
import { answerRequest } from '../serve/http/module-routes.ts';
import { identityOf, identityToHex } from '../serve/identity/identity.ts';
import type { Store } from '../store/store.ts';
import { type ClientState, TestClient } from './client.ts';
import type {
  CallArgs,
  ProcedureName,
  ProcedureResult,
  ReducerName,
  RelationName,
  RelationRow,
  TableName,
  TableRow,
  UntypedRow,
} from './module-types.ts';
import { bundleOf, loadOnce, type ModuleSource } from './modules.ts';
import { type Fetch, TestOutbound } from './outbound.ts';
import { SeededRandom } from './random.ts';
import { ReusedModules } from './reused-module.ts';
import { decodeRow, findNamed } from './rows.ts';

export interface TestHubOptions {
  /** Default: the start of 2026, UTC. */
  readonly now?: Date;
  /** What is random follows from it. Default 1. */
  readonly seed?: number;
  /** How long a reducer may run before it is ended and undone; Infinity makes calls faster. Default 10 s. */
  readonly callMsMax?: number;
  /**
   * Whether the module's instance goes on after `crash` and `rewind`, with the variables that it had, which makes both
   * several times as fast. Default: a new one, as a real process has.
   */
  readonly keepsInstance?: boolean;
  /** Answers what procedures and HTTP handlers ask of the outside world. Default: each request fails and says so. */
  readonly fetch?: Fetch;
}

/** A moment that a hub can go back to. */
export interface Mark<M = unknown> {
  readonly disk: MemoryDisk;
  readonly nowMicros: bigint;
  readonly random: SeededRandom;
  /** Kept apart: a log does not tell of numbers that were taken and not used. */
  readonly sequences: ReturnType<Store['sequencePositions']>;
  readonly clients: readonly { readonly client: TestClient<M>; readonly state: ClientState<M> }[];
}

const issuer = 'helix-test';
const databaseName = 'test';
const routesUrl = `http://127.0.0.1/v1/database/${databaseName}/route`;
const defaultNow = new Date('2026-01-01T00:00:00Z');
const callMsDefault = 10_000;

/**
 * Runs a module in this process on the real engine, with a disk in memory and a clock that stands still: no port, no
 * file, and nothing to close.
 *
 * `M` types calls and rows: `createTestHub<typeof import('./module.ts')>(new URL('./module.ts', import.meta.url))`.
 * @throws Rejection `bundle`, `publish` or `init-failed` when the module cannot run
 */
export async function createTestHub<M = unknown>(
  module: ModuleSource,
  options: TestHubOptions = {},
): Promise<TestHub<M>> {
  const hub = new TestHub<M>(options);
  await hub.publish(module);
  return hub;
}

/** The whole machine around one module, for its tests. */
export class TestHub<M = unknown> {
  /** Who published the module. */
  readonly owner: Identity;
  readonly #callMsMax: number;
  readonly #fetch: Fetch | undefined;
  readonly #modules: ReusedModules | undefined;
  readonly #names = new Map<bigint, string>();
  #disk = new MemoryDisk();
  #clock: VirtualClock;
  #random: SeededRandom;
  #databases: LocalDatabases | undefined;
  #clients = new Set<TestClient<M>>();

  /** Use `createTestHub`. */
  constructor({ now = defaultNow, seed = 1, callMsMax = callMsDefault, fetch, keepsInstance = false }: TestHubOptions) {
    this.#clock = new VirtualClock(BigInt(now.getTime()) * 1000n);
    this.#random = new SeededRandom(seed);
    this.#callMsMax = callMsMax;
    this.#fetch = fetch;
    this.#modules = keepsInstance ? new ReusedModules() : undefined;
    this.owner = this.identity('owner');
  }

  /** What runs now, for whatever the kit has no word for. Another one after `crash` and `rewind`. */
  get database(): HostedDatabase {
    const database = this.#databases?.find(databaseName);
    assert(database, 'nothing has been published');
    return database;
  }

  /** What the clock shows. */
  get now(): Timestamp {
    return new Timestamp(this.#clock.nowMicros());
  }

  /** The identity of somebody made up: the same name is the same identity in every test. */
  identity(name: string): Identity {
    const identity = identityOf(issuer, name);
    this.#names.set(identity, name);
    return new Identity(identity);
  }

  /** Connects, which runs the connect hook. @throws Rejection `connect-refused` */
  connect(identity: Identity): TestClient<M> {
    const client = new TestClient<M>({
      identity: identity.__identity__,
      connectionId: BigInt(`0x${Buffer.from(this.#random.bytes(16)).toString('hex')}`) || 1n,
      claims: this.#claims(identity),
      database: () => this.database,
    });
    client.open();
    this.#clients.add(client);
    return client;
  }

  /**
   * Calls a reducer as a request over HTTP does: in a connection of its own, with the hooks around it.
   * @throws CallError when it does not end well; Rejection when there is none or an argument is wrong
   */
  call<K extends ReducerName<M>>(caller: Identity, reducer: K, ...args: CallArgs<M, K>): void {
    this.#briefly(caller, (client) => client.call(reducer, ...args));
  }

  /** Calls a procedure as a request over HTTP does. @throws CallError and Rejection as `call` does */
  async callProcedure<K extends ProcedureName<M>>(
    caller: Identity,
    procedure: K,
    ...args: CallArgs<M, K>
  ): Promise<ProcedureResult<M, K>> {
    const client = this.connect(caller);
    try {
      return await client.callProcedure(procedure, ...args);
    } finally {
      this.#dismiss(client);
    }
  }

  /**
   * Asks the module's HTTP handlers; `path` is what follows `/v1/database/<name>/route`.
   * @throws Rejection `reducer-failed` when the handler throws
   */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    return await answerRequest(this.database, new Request(`${routesUrl}${path}`, init));
  }

  /**
   * The rows of a public table or a view as somebody sees them, who needs no connection for it; in no order.
   * @throws Rejection `query` when it is private
   */
  seenBy<K extends RelationName<M>>(viewer: Identity, name: K): RelationRow<M, K>[] {
    const { engine } = this.database;
    const { tables, views } = engine.def;
    const relation = findNamed('relation', [...tables, ...views], name);
    const caller = engine.callerOf(viewer.__identity__);
    const { rows } = engine.queries.query(caller, `SELECT * FROM "${relation.name}"`);
    return rows.map((bytes) => decodeRow(relation.row, bytes) as RelationRow<M, K>);
  }

  /** Answers `SELECT * FROM …` as somebody sees it. @throws Rejection `query` */
  query(caller: Identity, sql: string): UntypedRow[] {
    return this.#briefly(caller, (client) => client.query(sql));
  }

  /** All rows of a table, public or not, in no order. @throws Rejection `no-such-table` that lists the tables */
  rows<K extends TableName<M>>(table: K): TableRow<M, K>[] {
    const { engine } = this.database;
    const { name } = findNamed('table', engine.def.tables, table);
    const entry = engine.catalog.tableByName(name);
    assert(entry, `the table ${name} is not in the catalog`);
    const reader = engine.store.table(entry.stored.id);
    return reader.scan().map((handle) => decodeRow(entry.declared.row, reader.row(handle)) as TableRow<M, K>);
  }

  /** A page of the history as somebody sees it. @throws Rejection `history-hidden` */
  history(caller: Identity, filter: Partial<HistoryFilter> = {}): Promise<HistoryPage> {
    const { __identity__: identity } = caller;
    return this.database.history({ identity, claims: this.#claims(caller) }, { limit: 1000, ...filter });
  }

  /** What the module and the engine wrote, the newest last; a crash forgets it. */
  logs(): readonly LogRecord[] {
    return this.database.logs(undefined);
  }

  /** Lets time pass. Scheduled reducers run in the order of their times, each at its time. */
  advance(ms: number): void {
    this.#clock.advance(BigInt(Math.round(ms * 1000)));
  }

  /** Sets the clock of the machine forward or, below 0, back. Schedules notice within 10 s; no time passes. */
  jump(ms: number): void {
    this.#clock.jump(BigInt(Math.round(ms * 1000)));
  }

  /** As `advance`, and each scheduled procedure ends before time goes on. */
  async advanceAsync(ms: number): Promise<void> {
    const { engine } = this.database;
    await this.#clock.advanceAsync(BigInt(Math.round(ms * 1000)), () => engine.idle());
  }

  /** Resolves when scheduled procedures that have begun have ended, and all that has been committed is on the disk. */
  async settle(): Promise<void> {
    const { engine } = this.database;
    await engine.idle();
    await engine.durable(engine.offset);
  }

  /** Puts another version of the module in place, with the rows kept. @throws Rejection as a publisher would see it */
  async publish(module: ModuleSource): Promise<void> {
    this.#databases ??= await this.#open([]);
    await this.#databases.publish({
      name: databaseName,
      owner: this.owner.__identity__,
      bundle: await bundleOf(module),
      clear: false,
      breakClients: true,
      token: undefined,
    });
  }

  /**
   * The machine stops as in a power cut and starts again: what was not on the disk is lost (`settle` puts it there), and
   * so is every connection.
   */
  async crash(): Promise<void> {
    this.#abandon('the hub crashed');
    this.#clients.clear();
    this.#disk = this.#disk.afterCrash();
    this.#clock = new VirtualClock(this.#clock.wallMicros);
    this.#databases = await this.#open([]);
  }

  /** Notes the present moment, to come back to it by `rewind`, any number of times. */
  async snapshot(): Promise<Mark<M>> {
    await this.settle();
    return {
      disk: this.#disk.afterCrash(),
      nowMicros: this.#clock.wallMicros,
      random: this.#random.copy(),
      sequences: this.database.engine.store.sequencePositions(),
      clients: [...this.#clients]
        .filter(({ isConnected }) => isConnected)
        .map((client) => ({ client, state: client.save() })),
    };
  }

  /**
   * Goes back: rows, clock, randomness, connections and their subscriptions are as they were. Repeating schedules start
   * a whole interval anew, and the log lines are gone.
   */
  async rewind(mark: Mark<M>): Promise<void> {
    this.#abandon('the hub went back to a time before this connection');
    this.#disk = mark.disk.afterCrash();
    this.#clock = new VirtualClock(mark.nowMicros);
    this.#random = mark.random.copy();
    this.#clients = new Set(mark.clients.map(({ client }) => client));
    this.#databases = await this.#open([...this.#clients]);
    this.database.engine.store.restoreSequences(mark.sequences);
    for (const { client, state } of mark.clients) client.restore(state);
  }

  /** What ran is of the past: its connections are gone, and so are the threads of its procedures. */
  #abandon(why: string): void {
    for (const client of this.#clients) client.lose(why);
    void this.database.engine.procedures.close(why);
    this.#modules?.release();
  }

  #open(clients: readonly TestClient<M>[]): Promise<LocalDatabases> {
    return LocalDatabases.open({
      disk: this.#disk,
      clock: this.#clock,
      random: this.#random,
      directory: '/hub',
      callMsMax: this.#callMsMax,
      // What threads do takes real time, whatever the clock of the test shows.
      procedures: {
        callMsMax: Math.min(this.#callMsMax, callMsDefault),
        clock: nodeClock,
        outbound: new TestOutbound(this.#fetch),
      },
      warn: (message) => console.warn(message),
      fail: (error) => {
        throw error;
      },
      load: this.#modules?.load ?? loadOnce,
      clients: clients.map(({ link }) => link),
    });
  }

  #briefly<T>(caller: Identity, act: (client: TestClient<M>) => T): T {
    const client = this.connect(caller);
    try {
      return act(client);
    } finally {
      this.#dismiss(client);
    }
  }

  #dismiss(client: TestClient<M>): void {
    client.disconnect();
    this.#clients.delete(client);
  }

  #claims(identity: Identity): string {
    const sub = this.#names.get(identity.__identity__) ?? identityToHex(identity.__identity__);
    return JSON.stringify({ iss: issuer, sub, hex_identity: identityToHex(identity.__identity__) });
  }
}
