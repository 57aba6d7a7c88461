import { jsonText } from './bsatn/satsjson-write.ts';
import type { CallResult, Origin } from './call.ts';
import { Clients } from './clients.ts';
import { assert, Rejection } from './errors.ts';
import { Firings } from './firings.ts';
import type { Clock } from './host/clock.ts';
import type { CommitLog } from './log/log.ts';
import type { Logs } from './logs.ts';
import type { Catalog } from './module/catalog.ts';
import type { Lifecycle, ModuleDef, Named, ProcedureDef, ReducerDef, ViewDef } from './module/definition.ts';
import { HostCut, resumeBare, TimeLimit } from './module/guard.ts';
import {
  fatalMessage,
  type LoadedModule,
  type ModuleHost,
  type ModuleInstance,
  type Outcome,
  type ViewOutcome,
} from './module/instance.ts';
import type { PoolOptions } from './module/procedures/pool.ts';
import { rawModuleVersion10 } from './module/raw-type.ts';
import { type OpenTransactions, Procedures } from './procedures.ts';
import type { Caller } from './query/contract.ts';
import { createQueries, type Queries } from './query/queries.ts';
import { Recorder } from './recorder.ts';
import { Room } from './room.ts';
import { schemaVersion9 } from './schema.ts';
import type { Client, JsonText } from './serve/contract.ts';
import type { Transaction } from './store/contract.ts';
import type { Store } from './store/store.ts';
import { Transactions } from './transactions.ts';

export interface EngineParts {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly clock: Clock;
  readonly store: Store;
  readonly log: CommitLog;
  readonly logs: Logs;
  /** How long a reducer or a view may run before it is ended and undone. */
  readonly callMsMax: number;
  /** How much longer the host's own work on a call may take. Default: 5 s. */
  readonly graceMs?: number;
  /** What is in memory cannot be trusted any more: the database must be opened again from its log. */
  readonly onBroken: () => void;
  /** By default a procedure may hold a transaction for as long as a reducer may run. */
  readonly procedures?: PoolOptions;
}

const reopening = 'The database is being opened again from its log: try again.';

/**
 * The state machine of one database: a module, its rows, its log and whoever is connected. Everything that happens to
 * rows happens in `transact` or in a transaction of a procedure, one at a time and without an await inside.
 */
export class Engine {
  readonly identity: bigint;
  readonly owner: bigint;
  readonly store: Store;
  readonly logs: Logs;
  readonly clients: Clients;
  readonly #clock: Clock;
  readonly #log: CommitLog;
  readonly #callMsMax: number;
  readonly #graceMs: number | undefined;
  readonly #onBroken: () => void;
  readonly #procedureOptions: PoolOptions;
  readonly #firings: Firings;
  readonly #recorder: Recorder;
  readonly #room: Room;
  #module: LoadedModule;
  #instance: ModuleInstance;
  #procedures: Procedures;
  readonly #queries: Queries;
  readonly #transactions: Transactions;
  #catalog: Catalog;
  #reducers: ReadonlyMap<string, ReducerDef>;
  #procedureDefs: ReadonlyMap<string, ProcedureDef>;
  #isGuarded = false;
  #isClosed = false;

  constructor(parts: EngineParts, module: LoadedModule, catalog: Catalog) {
    this.identity = parts.identity;
    this.owner = parts.owner;
    this.store = parts.store;
    this.logs = parts.logs;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#firings = new Firings(this, parts.clock);
    this.#room = new Room(parts.log, parts.clock);
    this.clients = new Clients(this, this.#room);
    this.#callMsMax = parts.callMsMax;
    this.#graceMs = parts.graceMs;
    this.#onBroken = parts.onBroken;
    this.#catalog = catalog;
    this.#module = module;
    this.#procedureOptions = { transactionMsMax: parts.callMsMax, ...parts.procedures };
    this.#recorder = new Recorder(parts.log, parts.store, catalog);
    this.#reducers = byName(catalog.def.reducers);
    this.#procedureDefs = byName(catalog.def.procedures);
    this.#instance = module.attach(this.#moduleHost());
    this.#procedures = this.#newProcedures();
    this.#queries = createQueries({
      catalog,
      reader: (table) => this.store.table(table),
      evaluateView: (view, sender) => this.#evaluateView(view, sender),
      requireTime: () => this.#instance.requireTime(),
    });
    this.#transactions = new Transactions({
      store: parts.store,
      log: parts.log,
      queries: this.#queries,
      recorder: this.#recorder,
      firings: this.#firings,
      explain: (error) => this.explain(error),
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get def(): ModuleDef {
    return this.#catalog.def;
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  /** The module's description of itself as SATS-JSON. */
  schemaText(version: 9 | 10): JsonText {
    // The first byte says which version follows.
    return version === 9 ? schemaVersion9(this.def) : jsonText(rawModuleVersion10, this.#module.raw.subarray(1));
  }

  get procedures(): Procedures {
    return this.#procedures;
  }

  get queries(): Queries {
    return this.#queries;
  }

  /** The newest commit; -1 for none. */
  get offset(): number {
    return this.#log.offset;
  }

  get durableOffset(): number {
    return this.#log.durableOffset;
  }

  onDurable(listener: () => void): () => void {
    return this.#log.onDurable(listener);
  }

  /** Resolves when the commit is on disk. Rejects when the log has failed. */
  async durable(offset: number): Promise<void> {
    if (offset > this.durableOffset) await this.#log.flush();
  }

  /**
   * Says goodbye to whoever was connected when the host stopped, and starts the clock of the scheduled tables.
   * @param present who is connected still
   */
  start(present: readonly Client[] = []): void {
    this.clients.start(present);
    this.#firings.load();
  }

  /** Runs the init hook and whatever else makes the first commit. */
  initialize(write: (tx: Transaction) => void): CallResult {
    return this.runHook('init', this.owner, 0n, write);
  }

  /** Puts another module in the place of the running one. The stored tables have been altered already. */
  replace(module: LoadedModule, catalog: Catalog, write: (tx: Transaction) => void): void {
    this.#catalog = catalog;
    this.#module = module;
    this.#recorder.replaceCatalog(catalog);
    this.#reducers = byName(catalog.def.reducers);
    this.#procedureDefs = byName(catalog.def.procedures);
    this.#attach();
    void this.#procedures.close('The module was updated while this ran: call it again.');
    this.#procedures = this.#newProcedures();
    const invalid = this.#queries.replaceCatalog(catalog);
    const result = this.transact(this.origin('publish', this.owner), undefined, (tx) => {
      write(tx);
      return { kind: 'ok' };
    });
    assert(result.kind === 'ok', 'an update of the module cannot fail after its tables were altered');
    for (const { subscriber, querySetId, message } of invalid) {
      const client = subscriber as Client;
      client.deliver({ kind: 'subscription-error', requestId: undefined, querySetId, message }, this.offset);
    }
    this.#firings.load();
  }

  origin(name: string, identity: bigint, connectionId = 0n): Origin {
    return { name, identity, connectionId, timestampMicros: this.#clock.nowMicros() };
  }

  /** Runs the module's hook, if it has one, in a transaction that begins with `write`. */
  runHook(lifecycle: Lifecycle, identity: bigint, connectionId: bigint, write: (tx: Transaction) => void): CallResult {
    const origin = this.origin(lifecycle, identity, connectionId);
    const hook = this.def.reducers.find((reducer) => reducer.lifecycle === lifecycle);
    return this.#attempt(() =>
      this.transact(origin, undefined, (tx) => {
        write(tx);
        return hook ? this.#run(tx, hook, origin, new Uint8Array()) : { kind: 'ok' };
      }),
    );
  }

  /** @throws Rejection `closed` */
  requireOpen(): void {
    if (this.#isClosed) throw new Rejection('closed', reopening);
  }

  /** The reducer of that name, if there is one, whether it may be called from outside or not. */
  reducer(name: string): ReducerDef | undefined {
    return this.#reducers.get(name);
  }

  procedure(name: string): ProcedureDef | undefined {
    return this.#procedureDefs.get(name);
  }

  nowMicros(): bigint {
    return this.#clock.nowMicros();
  }

  /** Calls a reducer on behalf of a client, whether it may be called from outside or not. */
  call(reducer: ReducerDef, origin: Origin, args: Uint8Array, client?: Client): CallResult {
    return this.#attempt(() => this.callInside(reducer, origin, args, client));
  }

  /** `call` for whoever is inside of `guarded` already: several calls share one guard. */
  callInside(reducer: ReducerDef, origin: Origin, args: Uint8Array, client?: Client): CallResult {
    return this.transact(origin, client, (tx) => this.#run(tx, reducer, origin, args));
  }

  /** Whether what is inside of `guarded` should come to its end, so that its time limit starts anew. */
  get isBatchOver(): boolean {
    return this.#instance.isBatchOver;
  }

  /**
   * Runs work that may run the module's code.
   * @param isResumable as of `withTimeLimit`
   * @throws Rejection `time-limit` after undoing what was open
   */
  guarded<T>(run: () => T, isResumable = false): T {
    try {
      return this.#guard(run, isResumable);
    } catch (error) {
      if (error instanceof HostCut) throw this.#break(error);
      if (!(error instanceof TimeLimit)) throw error;
      this.#undoCut(error.message);
      throw new Rejection('time-limit', error.message, { cause: error });
    } finally {
      this.#firings.arm();
    }
  }

  /** Runs one transaction: `Transactions.run`. */
  transact(origin: Origin, client: Client | undefined, body: (tx: Transaction) => Outcome): CallResult {
    if (this.#isClosed) return { kind: 'failed', message: reopening };
    return this.#transactions.run(origin, client, body);
  }

  /**
   * Stops the clock and writes what is left. The store must not be used afterwards.
   * @param reason what the clients are told
   */
  async close(reason = 'the hub is shutting down'): Promise<void> {
    const ended = this.#procedures.close(reason);
    this.clients.closeAll(1001, reason);
    this.clients.disconnectAll();
    this.#isClosed = true;
    this.#firings.stop();
    this.#room.stop();
    this.#instance.close();
    this.store.close();
    await ended;
    await this.#log.close();
  }

  /** Resolves when every scheduled procedure that has begun has ended. */
  idle(): Promise<void> {
    return this.#firings.idle();
  }

  callerOf(identity: bigint): Caller {
    return { identity, isOwner: identity === this.owner };
  }

  /** Whether commits of any kind are taken, as far as the disk goes. */
  get hasRoom(): boolean {
    return this.#log.hasRoom;
  }

  /** Whether so much more can be kept. @throws Rejection `disk-full`, `memory-full`, `log-failed` */
  requireRoom(bytes: number): void {
    this.store.requireMemoryFor(bytes);
    this.#log.requireRoom(bytes, false);
  }

  /** Writes what a broken engine has committed. */
  async abandon(): Promise<void> {
    this.store.close();
    await this.#procedures.close(reopening);
    await this.#log.close();
  }

  /** What a caller may know of a failure; what it may not know goes to the database's log. */
  explain(error: unknown): string {
    if (error instanceof TimeLimit) throw error;
    if (error instanceof Rejection) return error.message;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.logs.add({ level: 'Error', ts: this.#clock.nowMicros(), message });
    return fatalMessage;
  }

  /** Goes on with a fresh instance of the module. */
  #attach(): void {
    const instance = this.#module.attach(this.#moduleHost());
    this.#instance.close();
    this.#instance = instance;
  }

  #newProcedures(): Procedures {
    const transactions: OpenTransactions = {
      begin: () => {
        resumeBare();
        return this.#transactions.begin();
      },
      commit: (tx, origin) => {
        const result = this.#transactions.commit(tx, origin, undefined);
        this.#firings.arm();
        if (result.kind === 'ok') return;
        throw new Rejection(result.kind === 'refused' ? result.code : 'not-committed', result.message);
      },
      rollback: () => this.#transactions.rollback(),
    };
    const host = this.#moduleHost();
    const options = this.#procedureOptions;
    return new Procedures({ module: this.#module, host, transactions, clock: this.#clock, options });
  }

  #moduleHost(): ModuleHost {
    return {
      catalog: this.#catalog,
      reader: (table) => this.store.table(table),
      identity: this.identity,
      claims: (connectionId) => this.clients.claims(connectionId),
      log: (record) => this.logs.add(record),
      scheduleImmediate: (name, args) => this.#firings.runSoon(name, args),
    };
  }

  /** Takes the thread out of `run` when it takes too long: then nothing of `run` goes on, `finally` included. */
  #guard<T>(run: () => T, isResumable: boolean): T {
    this.#isGuarded = true;
    try {
      return this.#instance.guard(this.#callMsMax, run, this.#graceMs, isResumable);
    } finally {
      this.#isGuarded = false;
    }
  }

  /** Outside of a guard, only the view's own code is under one, so that nothing of whoever needs it is cut in two. */
  #evaluateView(view: ViewDef, sender: bigint | undefined): ViewOutcome {
    const evaluate = () => this.#instance.evaluateView(view, sender);
    return this.#isGuarded ? evaluate() : this.guarded(evaluate);
  }

  #run(tx: Transaction, reducer: ReducerDef, origin: Origin, args: Uint8Array): Outcome {
    const { identity, connectionId, timestampMicros } = origin;
    return this.#instance.callReducer(tx, reducer.id, identity, connectionId, timestampMicros, args);
  }

  #attempt(run: () => CallResult): CallResult {
    try {
      return this.guarded(run);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      if (error.code === 'time-limit' || error.code === 'closed') return { kind: 'failed', message: error.message };
      throw error;
    }
  }

  /** Nothing in memory is touched any more. What is in the log is whole: the database goes on from there. */
  #break(error: HostCut): Rejection {
    this.logs.add({ level: 'Error', ts: this.#clock.nowMicros(), message: error.message });
    this.#isClosed = true;
    this.#firings.stop();
    this.#room.stop();
    this.#instance.close();
    void this.#procedures.close(reopening);
    this.clients.closeAll(1012, reopening);
    this.#onBroken();
    return new Rejection('closed', reopening, { cause: error });
  }

  /** Undoes the transaction whose time was up. What the module keeps in variables may be half changed: it starts anew. */
  #undoCut(why: string): void {
    this.#transactions.rollback();
    this.logs.add({ level: 'Error', ts: this.#clock.nowMicros(), message: why });
    this.#attach();
  }
}

/** By source names too, but a canonical name comes first. */
function byName<D extends Named>(defs: readonly D[]): ReadonlyMap<string, D> {
  const aliases = defs.map((def) => [def.sourceName, def] as const);
  return new Map([...aliases, ...defs.map((def) => [def.name, def] as const)]);
}
