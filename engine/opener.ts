import { join } from 'node:path';
import { type DatabaseEntry, HostedDatabase } from './database.ts';
import { Engine, type EngineParts } from './engine.ts';
import { assert } from './errors.ts';
import { type ForkJob, forkLog } from './fork.ts';
import type { HistorySource } from './history/contract.ts';
import { HistoryReader } from './history/reader.ts';
import type { Clock } from './host/clock.ts';
import type { Disk } from './host/disk.ts';
import type { Memory } from './host/memory.ts';
import type { Random } from './host/random.ts';
import { emptyLog } from './log/failure.ts';
import { Logs } from './logs.ts';
import type { LoadedModule } from './module/instance.ts';
import { type Evaluate, loadModule } from './module/load.ts';
import type { PoolOptions } from './module/procedures/pool.ts';
import { requireUsableRules } from './program.ts';
import { type LoadModule, type Program, type Recovered, recover } from './recovery.ts';
import { databasesFolder, registryFile } from './registry.ts';
import { withAdvice } from './rescue.ts';
import type { Client } from './serve/contract.ts';
import { identityFromHex } from './serve/identity/identity.ts';
import { SnapshotKeeper, type SnapshotSettings, type TakeSnapshot } from './snapshots/keeper.ts';
import { takeSnapshot } from './snapshots/take.ts';
import { MemoryBudget } from './store/budget.ts';

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
  /** Evaluates a module that is to be published, when `load` is not given. Default: in this thread. */
  readonly evaluate?: Evaluate;
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
  /** Reads histories. Default: in this thread. */
  readonly history?: HistorySource;
}

/** Makes of a folder with a log the database that it holds, as its host's settings say. */
export class Opener {
  /** What the rows of all databases take. */
  readonly budget: MemoryBudget;
  /** Ended by whoever ends the databases. */
  readonly history: HistorySource;
  readonly #options: DatabasesOptions;
  readonly #load: LoadModule;
  readonly #loadNew: LoadModule;
  /** Ends when what was to be read is read: one at a time, because each may need a core and much memory. */
  #loaded: Promise<unknown> = Promise.resolve();
  readonly #onBroken: (identity: string) => void;

  /** @param onBroken told when what a database holds in memory cannot be trusted any more */
  constructor(options: DatabasesOptions, onBroken: (identity: string) => void) {
    this.#options = options;
    const { load, evaluate } = options;
    this.#load = load ?? loadModule;
    this.#loadNew = load ?? ((bundle) => loadModule(bundle, evaluate && { evaluate }));
    this.#onBroken = onBroken;
    this.history = options.history ?? new HistoryReader(options.disk, this.#load);
    this.budget = new MemoryBudget(options.memoryBytesMax ?? Number.POSITIVE_INFINITY);
  }

  directoryOf({ folder }: DatabaseEntry): string {
    return join(this.#options.directory, databasesFolder, folder);
  }

  /** Reads a bundle that is to be published. @throws Rejection that says why it cannot run */
  async read(bundle: string): Promise<LoadedModule> {
    const loaded = this.#loaded.then(() => this.#loadNew(bundle));
    this.#loaded = loaded.catch(() => {});
    const module = await loaded;
    requireUsableRules(module.def);
    return module;
  }

  /** Opens the database of an entry, with the rows and the module of its log. @throws LogRejection as `recover` */
  async open(entry: DatabaseEntry, logs?: Logs): Promise<HostedDatabase> {
    const { disk, directory } = this.#options;
    return await withAdvice(disk, directory, entry.folder, async () => {
      const recovered = await this.recover(entry);
      if (recovered.program !== undefined) return this.host(entry, recovered, recovered.program, logs);
      await recovered.log.close();
      throw emptyLog(this.directoryOf(entry));
    });
  }

  /** Copies a part of a log into the folder of another entry. @returns how many commits there are */
  fork(job: ForkJob): Promise<number> {
    const { disk, forkLog: fork = (one) => forkLog(disk, one, this.#load) } = this.#options;
    return fork(job);
  }

  /** What the log of an entry holds; nothing when its folder is new. */
  recover(entry: DatabaseEntry): Promise<Recovered> {
    const { disk, warn, segmentBytesMax } = this.#options;
    return recover({
      disk,
      directory: this.directoryOf(entry),
      load: this.#load,
      budget: this.budget,
      warn,
      ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
      ...(this.#options.reserveBytes === undefined ? {} : { reserveBytes: this.#options.reserveBytes }),
    });
  }

  /** Runs a program on what was recovered. Nobody is connected yet, and no schedule fires. */
  host(
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
      onBroken: () => this.#onBroken(entry.identity),
      ...(procedures && { procedures }),
    };
    const keeper = new SnapshotKeeper({
      log,
      directory: this.directoryOf(entry),
      clock,
      take: this.#options.takeSnapshot ?? ((job) => takeSnapshot(disk, job, this.#load)),
      settings: snapshots ?? {},
      snapshotBytes,
      warn,
    });
    const engine = new Engine(parts, module, catalog);
    const history = { history: this.history, directory: this.directoryOf(entry) };
    return new HostedDatabase({ entry, engine, names, bundle, random, keeper, ...history });
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

function identityOfEntry(hex: string): bigint {
  const identity = identityFromHex(hex);
  assert(identity !== undefined, `${hex} in ${registryFile} is no identity`);
  return identity;
}
