import { type DatabaseEntry, HostedDatabase } from './database.ts';
import { assert, Rejection } from './errors.ts';
import type { Moment } from './log/moment.ts';
import { isDiskFull } from './log/reserve.ts';
import { MemoryGuard } from './memory-guard.ts';
import type { LoadedModule } from './module/instance.ts';
import { describePlan } from './module/migration.ts';
import { type DatabasesOptions, Opener } from './opener.ts';
import { createTables } from './program.ts';
import { forkedEntry, openRegistry, saveRegistry } from './registry.ts';
import type { Client, Database, Databases, PublishPlan, PublishRequest } from './serve/contract.ts';
import { identityFromHex, identityOf, identityToHex } from './serve/identity/identity.ts';
import { nameTable, programRow, programTable } from './system.ts';
import { planToken, planUpdate, updateModule } from './update.ts';

/** The databases of one data folder. */
export class LocalDatabases implements Databases {
  readonly #options: DatabasesOptions;
  readonly #opener: Opener;
  readonly #databases = new Map<string, HostedDatabase>();
  #memoryGuard: MemoryGuard | undefined;
  readonly #listeners = new Set<() => void>();
  #entries: DatabaseEntry[] = [];
  /** Ends when every change of the registry that was asked for is made. */
  #changes: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(options: DatabasesOptions) {
    this.#options = options;
    this.#opener = new Opener(options, (identity) => void this.#reopen(identity));
  }

  /** Opens every database of the folder. @throws Rejection when one is damaged or the folder is in use */
  static async open(options: DatabasesOptions): Promise<LocalDatabases> {
    const databases = new LocalDatabases(options);
    const { disk, directory, clients = [] } = options;
    databases.#entries = await openRegistry(disk, directory);
    for (const entry of databases.#entries) {
      databases.#start(await databases.#opener.open(entry), clients);
    }
    const { memory, clock } = options;
    if (memory) databases.#memoryGuard = new MemoryGuard(databases.#opener.budget, memory, clock);
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

  async publish(
    request: PublishRequest,
  ): Promise<{ readonly database: HostedDatabase; readonly op: 'created' | 'updated' }> {
    let reading: Promise<LoadedModule> | undefined;
    const read = (): Promise<LoadedModule> => {
      reading ??= this.#opener.read(request.bundle);
      return reading;
    };
    // What is to become of it is decided in turn. To read it may take long, and keeps no other change waiting.
    if (isNew(request, this.#target(request))) await read();
    return await this.#inTurn(async () => {
      this.#requireOpen();
      const existing = this.#target(request);
      if (!existing) return { database: await this.#create(request, await read()), op: 'created' };
      if (request.clear) {
        return { database: await this.#replace(existing, request.bundle, await read()), op: 'updated' };
      }
      if (isNew(request, existing)) await updateModule(existing, await read(), request);
      return { database: existing, op: 'updated' };
    });
  }

  async planPublish(request: PublishRequest): Promise<PublishPlan> {
    const existing = request.name === undefined ? undefined : this.find(request.name);
    if (!existing) throw new Rejection('no-such-database', `there is no database ${request.name} to update`);
    const plan = planUpdate(existing, await this.#opener.read(request.bundle));
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
      const hosted = this.#present(database);
      this.#requireUnlocked(hosted, 'deleted');
      const { entry } = hosted;
      this.#databases.delete(entry.identity);
      this.#entries = this.#entries.filter((other) => other !== entry);
      await this.#save();
      await this.#dispose(hosted, 'the database was deleted');
    });
  }

  async reset(database: Database, bundle = this.#hosted(database).bundle): Promise<void> {
    const module = await this.#opener.read(bundle);
    await this.#inTurn(async () => {
      this.#requireOpen();
      await this.#replace(this.#present(database), bundle, module);
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
      const { entry, durableOffset } = this.#present(database);
      const forked = forkedEntry(entry, name, this.#randomHex(16));
      const latest: Moment = { kind: 'offset', offset: durableOffset };
      const isLater = until?.kind === 'offset' && until.offset > durableOffset;
      const commitCount = await this.#opener.fork({
        from: this.#opener.directoryOf(entry),
        to: this.#opener.directoryOf(forked),
        until: until === undefined || isLater ? latest : until,
      });
      const opened = await this.#opener.open(forked);
      this.#entries.push(forked);
      await this.#save();
      return { database: this.#start(opened), commitCount };
    });
  }

  setLocked(database: Database, isLocked: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#present(database).entry.isLocked = isLocked;
      await this.#save();
    });
  }

  rename(database: Database, names: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#present(database).entry.names = [...names];
      await this.#save();
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isClosed = true;
      this.#memoryGuard?.stop();
      await this.#opener.history.close();
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

  /** The database to publish to, if there is one. @throws Rejection `no-such-database`, `permission-denied` */
  #target({ name, owner }: PublishRequest): HostedDatabase | undefined {
    const existing = name === undefined ? undefined : this.find(name);
    if (!existing && name !== undefined && identityFromHex(name) !== undefined) {
      throw new Rejection('no-such-database', `\`${name}\` not found`);
    }
    if (existing && existing.owner !== owner) {
      throw new Rejection('permission-denied', `the database ${name} belongs to another identity`);
    }
    return existing;
  }

  async #create(request: PublishRequest, module: LoadedModule): Promise<HostedDatabase> {
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
  async #replace(old: HostedDatabase, bundle: string, module: LoadedModule): Promise<HostedDatabase> {
    this.#requireUnlocked(old, 'reset');
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
    const recovered = await this.#opener.recover(entry);
    assert(!recovered.program, `the folder of the new database ${entry.identity} is not empty`);
    const rows = recovered.names.assign(module.def);
    const catalog = createTables(recovered.store, module.def, recovered.names);
    const database = this.#opener.host(entry, recovered, { bundle, module, catalog });
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
    await this.#options.disk.remove(this.#opener.directoryOf(database.entry));
  }

  /** Opens a database from its log, in the place of what cannot be trusted any more. */
  async #reopen(identity: string): Promise<void> {
    await this.#inTurn(async () => {
      const broken = this.#databases.get(identity);
      if (!broken?.engine.isClosed) return;
      const { entry, engine } = broken;
      await broken.abandon();
      this.#start(await this.#opener.open(entry, engine.logs));
      const message = 'The database was opened again from its log.';
      engine.logs.add({ level: 'Info', ts: this.#options.clock.nowMicros(), message });
    }).catch(this.#options.fail);
  }

  #hosted(database: Database): HostedDatabase {
    assert(database instanceof HostedDatabase, 'a database of another host');
    return database;
  }

  /** What the database is by now: it can have been reset or deleted since it was found. @throws Rejection `no-such-database` */
  #present(database: Database): HostedDatabase {
    const { entry } = this.#hosted(database);
    const present = this.#databases.get(entry.identity);
    if (present) return present;
    throw new Rejection('no-such-database', `the database ${entry.identity} was deleted meanwhile`);
  }

  #entryOf(database: Database): DatabaseEntry {
    return this.#hosted(database).entry;
  }

  /** @throws Rejection `closed` */
  #requireOpen(): void {
    if (this.#isClosed) throw new Rejection('closed', 'the hub is shutting down: try again when it is back');
  }

  #requireUnlocked(database: HostedDatabase, what: string): void {
    if (!database.isLocked) return;
    throw new Rejection('locked', `the database is locked and cannot be ${what}; unlock it first`);
  }

  #randomHex(byteCount: number): string {
    return Buffer.from(this.#options.random.bytes(byteCount)).toString('hex');
  }

  async #save(): Promise<void> {
    const { disk, directory } = this.#options;
    try {
      await saveRegistry(disk, directory, this.#entries);
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

/** Whether what is published is not what runs already. */
function isNew({ bundle, clear }: PublishRequest, existing: HostedDatabase | undefined): boolean {
  return clear || bundle !== existing?.bundle;
}
