import { join } from 'node:path';
import { type DatabaseEntry, HostedDatabase } from './database.ts';
import { Engine, type EngineParts } from './engine.ts';
import { assert, Rejection } from './errors.ts';
import { type ForkJob, forkLog } from './fork.ts';
import type { Clock } from './host/clock.ts';
import type { Disk } from './host/disk.ts';
import type { Memory } from './host/memory.ts';
import type { Random } from './host/random.ts';
import type { Moment } from './log/cut.ts';
import { isDiskFull } from './log/reserve.ts';
import { Logs } from './logs.ts';
import { MemoryGuard } from './memory-guard.ts';
import type { LoadedModule } from './module/instance.ts';
import { loadModule } from './module/load.ts';
import { describePlan, type MigrationPlan, planMigration } from './module/migration.ts';
import type { PoolOptions } from './module/procedures/pool.ts';
import { alterTables, conflictsWithRows, createTables, hashBundle, requireUsableRules } from './program.ts';
import { type LoadModule, type Program, type Recovered, recover } from './recovery.ts';
import { decodeRegistry, encodeRegistry, forkedEntry, registryFile } from './registry.ts';
import type { Client, Database, Databases, PublishPlan, PublishRequest } from './serve/contract.ts';
import { identityFromHex, identityOf, identityToHex } from './serve/identity/identity.ts';
import { SnapshotKeeper, type SnapshotSettings, type TakeSnapshot } from './snapshots/keeper.ts';
import { takeSnapshot } from './snapshots/take.ts';
import { MemoryBudget } from './store/budget.ts';
import type { Transaction } from './store/contract.ts';
import type { TableDef } from './store/definition.ts';
import { StoreRejection } from './store/rejection.ts';
import { nameTable, programRow, programTable } from './system.ts';

/** What a registry of databases needs of its host. */
export interface DatabasesOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** Absolute; made when it is missing. */
  readonly directory: string;
  readonly callMsMax: number;
  /** How much longer the host's own work on a call may take. Default: 5 s. */
  readonly graceMs?: number;
  readonly procedures?: PoolOptions;
  /** Told of anything that an operator should read. */
  readonly warn: (message: string) => void;
  /** Told when a log can no longer be written: the host must stop. */
  readonly fail: (error: Error) => void;
  /** Default: reads, compiles and checks the bundle each time. */
  readonly load?: LoadModule;
  /** Clients whose connections have outlived the opening: no hook is run for them. Default: none. */
  readonly clients?: readonly Client[];
  /** A file of a log that has reached this size is followed by another. Default: 64 MiB. */
  readonly segmentBytesMax?: number;
  /** Room on the disk that each database keeps for what must go on when the disk is full. Default: none. */
  readonly reserveBytes?: number;
  /** What the rows of all databases and their indexes may take together. Default: no bound. */
  readonly memoryBytesMax?: number;
  /** Watched, so that the process leaves the machine some. Default: not watched. */
  readonly memory?: Memory;
  readonly snapshots?: SnapshotSettings;
  /** Default: in this thread, between everything else. */
  readonly takeSnapshot?: TakeSnapshot;
  /** Copies a part of a log. Default: in this thread. @returns how many commits there are */
  readonly forkLog?: (job: ForkJob) => Promise<number>;
}

/** The databases of one data folder. */
export class LocalDatabases implements Databases {
  readonly #options: DatabasesOptions;
  readonly #load: LoadModule;
  readonly #databases = new Map<string, HostedDatabase>();
  readonly #budget: MemoryBudget;
  #memoryGuard: MemoryGuard | undefined;
  readonly #listeners = new Set<() => void>();
  #entries: DatabaseEntry[] = [];
  /** Ends when every change of the registry that was asked for is made. */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(options: DatabasesOptions) {
    this.#options = options;
    this.#load = options.load ?? loadModule;
    this.#budget = new MemoryBudget(options.memoryBytesMax ?? Number.POSITIVE_INFINITY);
  }

  /** Opens every database of the folder. @throws Rejection when one is damaged or the folder is in use */
  static async open(options: DatabasesOptions): Promise<LocalDatabases> {
    const databases = new LocalDatabases(options);
    const { disk, directory, clients = [] } = options;
    const file = join(directory, registryFile);
    const bytes = await disk.read(file);
    if (bytes) databases.#entries = decodeRegistry(file, bytes);
    for (const entry of databases.#entries) {
      databases.#start(databases.#hostedFrom(entry, await databases.#recover(entry)), clients);
    }
    if (options.memory) databases.#memoryGuard = new MemoryGuard(databases.#budget, options.memory, options.clock);
    return databases;
  }

  find(nameOrIdentity: string): HostedDatabase | undefined {
    const entry =
      this.#entries.find(({ names }) => names.includes(nameOrIdentity)) ??
      this.#entries.find(({ identity }) => identity === nameOrIdentity.toLowerCase());
    return entry && this.#databases.get(entry.identity);
  }

  names(database: Database): readonly string[] {
    return this.#entryOf(database).names;
  }

  ownedBy(identity: bigint): readonly Database[] {
    return [...this.#databases.values()].filter((database) => database.owner === identity);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(request: PublishRequest): Promise<{ readonly database: HostedDatabase; readonly op: 'created' | 'updated' }> {
    return this.#inTurn(async () => {
      const existing = request.name === undefined ? undefined : this.find(request.name);
      if (!existing) {
        if (request.name !== undefined && identityFromHex(request.name) !== undefined) {
          throw new Rejection('no-such-database', `\`${request.name}\` not found`);
        }
        return { database: await this.#create(request), op: 'created' };
      }
      if (existing.owner !== request.owner) {
        throw new Rejection('permission-denied', `the database ${request.name} belongs to another identity`);
      }
      if (request.clear) return { database: await this.#replace(existing, request.bundle), op: 'updated' };
      await this.#update(existing, request);
      return { database: existing, op: 'updated' };
    });
  }

  async planPublish(request: PublishRequest): Promise<PublishPlan> {
    const existing = request.name === undefined ? undefined : this.find(request.name);
    if (!existing) throw new Rejection('no-such-database', `there is no database ${request.name} to update`);
    const plan = this.#plan(existing, await this.#read(request.bundle));
    if (plan.kind === 'manual') return { kind: 'manual', reason: plan.reasons.join('\n') };
    return {
      kind: 'auto',
      plan: describePlan(plan),
      breaksClients: plan.breaks.length > 0,
      token: planToken(existing, request.bundle),
    };
  }

  delete(database: Database): Promise<void> {
    return this.#inTurn(async () => {
      const hosted = this.#hosted(database);
      this.#requireUnlocked(hosted, 'deleted');
      const { entry } = hosted;
      this.#databases.delete(entry.identity);
      this.#entries = this.#entries.filter((other) => other !== entry);
      await this.#save();
      await this.#dispose(hosted, 'the database was deleted');
    });
  }

  reset(database: Database, bundle: string | undefined): Promise<void> {
    return this.#inTurn(async () => {
      const hosted = this.#hosted(database);
      await this.#replace(hosted, bundle ?? hosted.bundle);
    });
  }

  fork(
    database: Database,
    name: string,
    until: Moment | undefined,
  ): Promise<{ readonly database: HostedDatabase; readonly commitCount: number }> {
    return this.#inTurn(async () => {
      if (this.find(name)) {
        throw new Rejection('name-taken', `there is a database ${name} already: choose another name`);
      }
      const { disk, forkLog: fork = (job) => forkLog(disk, job, this.#load) } = this.#options;
      const { entry, durableOffset } = this.#hosted(database);
      const forked = forkedEntry(entry, name, this.#randomHex(16));
      const latest: Moment = { kind: 'offset', offset: durableOffset };
      const isLater = until?.kind === 'offset' && until.offset > durableOffset;
      const commitCount = await fork({
        from: this.#directoryOf(entry),
        to: this.#directoryOf(forked),
        until: until === undefined || isLater ? latest : until,
      });
      const opened = this.#hostedFrom(forked, await this.#recover(forked));
      this.#entries.push(forked);
      await this.#save();
      return { database: this.#start(opened), commitCount };
    });
  }

  setLocked(database: Database, isLocked: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#entryOf(database).isLocked = isLocked;
      await this.#save();
    });
  }

  rename(database: Database, names: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#entryOf(database).names = [...names];
      await this.#save();
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#memoryGuard?.stop();
      await Promise.all([...this.#databases.values()].map((database) => database.close()));
      this.#databases.clear();
    });
  }

  /** One change of the registry after the other: two publishers of one name do not make two databases. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changes.then(change);
    this.#changes = changed.catch(() => {});
    return changed;
  }

  async #create(request: PublishRequest): Promise<HostedDatabase> {
    const module = await this.#read(request.bundle);
    const identity = identityToHex(identityOf('helix-database', this.#randomHex(16)));
    const entry: DatabaseEntry = {
      identity,
      owner: identityToHex(request.owner),
      names: request.name === undefined ? [] : [request.name],
      isLocked: false,
      folder: identity,
    };
    const database = await this.#build(entry, module, request.bundle);
    this.#entries.push(entry);
    await this.#save();
    return this.#start(database);
  }

  /** Starts a database again with no rows: in a folder of its own, so that a failure on the way leaves the old one. */
  async #replace(old: HostedDatabase, bundle: string): Promise<HostedDatabase> {
    this.#requireUnlocked(old, 'reset');
    const module = await this.#read(bundle);
    const entry: DatabaseEntry = { ...old.entry, folder: `${old.entry.identity}-${this.#randomHex(4)}` };
    const database = await this.#build(entry, module, bundle);
    this.#entries = this.#entries.map((other) => (other === old.entry ? entry : other));
    await this.#save();
    this.#start(database);
    await this.#dispose(old, 'the database was reset');
    return database;
  }

  /** Makes a database from nothing: its tables and its first commit. Nobody knows of it yet. */
  async #build(entry: DatabaseEntry, module: LoadedModule, bundle: string): Promise<HostedDatabase> {
    const recovered = await this.#recover(entry);
    assert(!recovered.program, `the folder of the new database ${entry.identity} is not empty`);
    const rows = recovered.names.assign(module.def);
    const catalog = createTables(recovered.store, module.def, recovered.names);
    const database = this.#host(entry, recovered, { bundle, module, catalog });
    const { engine } = database;
    const result = engine.initialize((tx) => {
      tx.insert(programTable.id, programRow(bundle));
      for (const row of rows) tx.insert(nameTable.id, row);
    });
    if (result.kind !== 'ok') {
      await this.#dispose(database, 'the database was not made');
      if (result.kind === 'refused') throw new Rejection(result.code, result.message);
      throw new Rejection('init-failed', `the module's init reducer failed: ${result.message}`);
    }
    await engine.durable(result.offset);
    return database;
  }

  #start(database: HostedDatabase, clients: readonly Client[] = []): HostedDatabase {
    this.#databases.set(database.entry.identity, database);
    this.#changed();
    database.engine.start(clients);
    return database;
  }

  /** Ends a database that is not in the registry any more. */
  async #dispose(database: HostedDatabase, reason: string): Promise<void> {
    await database.close(reason);
    await this.#options.disk.remove(this.#directoryOf(database.entry));
  }

  async #update(database: HostedDatabase, request: PublishRequest): Promise<void> {
    const { bundle } = request;
    if (bundle === database.bundle) return;
    const module = await this.#read(bundle);
    const plan = this.#plan(database, module);
    if (plan.kind === 'manual') throw new Rejection('manual-migration', plan.reasons.join('\n'));
    const isConfirmed = request.token === undefined || request.token === planToken(database, bundle);
    if (plan.breaks.length > 0 && !(request.breakClients && isConfirmed)) {
      throw new Rejection(
        'breaks-clients',
        `this update breaks connected clients: ${plan.breaks.join('; ')}. Publish again with policy=BreakClients.`,
      );
    }
    const { engine, names } = database;
    engine.requireRoom(bundle.length + 64 * 1024);
    const rows: Uint8Array[] = [];
    for (const step of plan.steps) {
      if (step.kind === 'alter-table' && step.from.name !== step.to.name) {
        rows.push(names.rename(step.from.name, step.to.name));
      }
    }
    rows.push(...names.assign(module.def));
    const catalog = alterTables(engine.store, plan, engine.catalog, module.def, names);
    engine.replace(module, catalog, (tx) => {
      for (const row of rows) replaceRow(tx, nameTable, row);
      replaceRow(tx, programTable, programRow(bundle));
    });
    database.bundle = bundle;
    if (plan.breaks.length > 0) {
      const message = 'Disconnecting all users: the update breaks what their bindings say';
      engine.logs.add({ level: 'Info', ts: engine.nowMicros(), message });
      engine.disconnectAll(1012, 'the module was updated; reload to get the new version');
    }
    await engine.durable(engine.offset);
  }

  /** Reads a bundle that is to be published. @throws Rejection that says why it cannot run */
  async #read(bundle: string): Promise<LoadedModule> {
    const module = await this.#load(bundle);
    requireUsableRules(module.def);
    return module;
  }

  #recover(entry: DatabaseEntry): Promise<Recovered> {
    const { disk, warn, segmentBytesMax } = this.#options;
    return recover({
      disk,
      directory: this.#directoryOf(entry),
      load: this.#load,
      budget: this.#budget,
      warn,
      ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
      ...(this.#options.reserveBytes === undefined ? {} : { reserveBytes: this.#options.reserveBytes }),
    });
  }

  /** Opens a database from its log, in the place of what cannot be trusted any more. */
  async #reopen(identity: string): Promise<void> {
    await this.#inTurn(async () => {
      const broken = this.#databases.get(identity);
      if (!broken?.engine.isClosed) return;
      const { entry, engine } = broken;
      await broken.abandon();
      this.#start(this.#hostedFrom(entry, await this.#recover(entry), engine.logs));
      const message = 'The database was opened again from its log.';
      engine.logs.add({ level: 'Info', ts: this.#options.clock.nowMicros(), message });
    }).catch(this.#options.fail);
  }

  #hostedFrom(entry: DatabaseEntry, recovered: Recovered, logs?: Logs): HostedDatabase {
    assert(recovered.program, `the database ${entry.identity} is registered but has no module`);
    return this.#host(entry, recovered, recovered.program, logs);
  }

  #plan({ engine }: HostedDatabase, module: LoadedModule): MigrationPlan {
    const plan = planMigration(engine.def, module.def, (name) => {
      const table = engine.catalog.tableByName(name);
      return table ? engine.store.table(table.stored.id).rowCount : 0;
    });
    const reasons = plan.kind === 'auto' ? conflictsWithRows(engine.store, plan, engine.catalog) : [];
    return reasons.length > 0 ? { kind: 'manual', reasons } : plan;
  }

  #host(
    entry: DatabaseEntry,
    recovered: Recovered,
    { bundle, module, catalog }: Program,
    logs = new Logs(),
  ): HostedDatabase {
    const { clock, callMsMax, graceMs, disk, procedures, fail, random, warn, snapshots } = this.#options;
    const { store, log, names, snapshotBytes } = recovered;
    log.onFailure(fail);
    log.onRoom((hasRoom) => warn(hasRoom ? roomAgain(entry) : noRoom(entry)));
    const parts: EngineParts = {
      identity: identityOfEntry(entry.identity),
      owner: identityOfEntry(entry.owner),
      clock,
      store,
      log,
      logs,
      callMsMax,
      ...(graceMs === undefined ? {} : { graceMs }),
      onBroken: () => void this.#reopen(entry.identity),
      ...(procedures && { procedures }),
    };
    const keeper = new SnapshotKeeper({
      log,
      directory: this.#directoryOf(entry),
      clock,
      take: this.#options.takeSnapshot ?? ((job) => takeSnapshot(disk, job, this.#load)),
      settings: snapshots ?? {},
      snapshotBytes,
      warn,
    });
    return new HostedDatabase({ entry, engine: new Engine(parts, module, catalog), names, bundle, random, keeper });
  }

  #hosted(database: Database): HostedDatabase {
    assert(database instanceof HostedDatabase, 'a database of another host');
    return database;
  }

  #entryOf(database: Database): DatabaseEntry {
    return this.#hosted(database).entry;
  }

  #requireUnlocked(database: HostedDatabase, what: string): void {
    if (!database.isLocked) return;
    throw new Rejection('locked', `the database is locked and cannot be ${what}; unlock it first`);
  }

  #directoryOf({ folder }: DatabaseEntry): string {
    return join(this.#options.directory, 'databases', folder);
  }

  #randomHex(byteCount: number): string {
    return Buffer.from(this.#options.random.bytes(byteCount)).toString('hex');
  }

  async #save(): Promise<void> {
    const { disk, directory } = this.#options;
    try {
      await disk.writeAtomic(join(directory, registryFile), encodeRegistry(this.#entries));
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause;
      throw new Rejection('disk-full', 'the disk of the hub is full: make room there, then try again', { cause });
    }
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function noRoom({ names, identity }: DatabaseEntry): string {
  return (
    `the disk is full: the database ${names[0] ?? identity} refuses what makes it grow until there is room; reads and ` +
    'deletes go on. Make room on the disk of the data folder; nothing needs to be started again'
  );
}

function roomAgain({ names, identity }: DatabaseEntry): string {
  return `the disk has room again: the database ${names[0] ?? identity} takes all writes`;
}

/** Confirms that an update is the one whose plan was shown. */
function planToken(database: HostedDatabase, bundle: string): string {
  return hashBundle(`${hashBundle(database.bundle)} ${hashBundle(bundle)}`);
}

function replaceRow(tx: Transaction, table: TableDef, row: Uint8Array): void {
  const [index] = table.indexes;
  assert(index, `the system table ${table.name} has no index`);
  try {
    tx.update(table.id, index.id, row);
  } catch (error) {
    if (!(error instanceof StoreRejection) || error.code !== 'no-such-row') throw error;
    tx.insert(table.id, row);
  }
}

function identityOfEntry(hex: string): bigint {
  const identity = identityFromHex(hex);
  assert(identity !== undefined, `${hex} in ${registryFile} is no identity`);
  return identity;
}
