import { assert } from './errors.ts';
import type { Disk } from './host/disk.ts';
import type { Commit } from './log/commit.ts';
import { LogRejection } from './log/failure.ts';
import { type CommitLog, openLog } from './log/log.ts';
import { listSnapshots, openSnapshot, type Snapshot } from './log/snapshot.ts';
import type { Catalog } from './module/catalog.ts';
import type { LoadedModule } from './module/instance.ts';
import { planMigration } from './module/migration.ts';
import { Names } from './names.ts';
import { alterTables, createTables } from './program.ts';
import type { MemoryBudget } from './store/budget.ts';
import type { Follower, TableChange } from './store/contract.ts';
import { Store } from './store/store.ts';
import {
  firstUserId,
  nameTable,
  positionTableId,
  programTable,
  readPositionRow,
  readProgramRow,
  systemTables,
} from './system.ts';

/** A module that runs in a database. */
export interface Program {
  readonly bundle: string;
  readonly module: LoadedModule;
  readonly catalog: Catalog;
}

export interface Recovered {
  readonly store: Store;
  readonly names: Names;
  readonly log: CommitLog;
  /** Undefined for a log without a commit. */
  readonly program: Program | undefined;
  /** Size of the snapshot that it was begun with; 0 for none. */
  readonly snapshotBytes: number;
}

/** Turns a bundle into a module that can run. @throws PublishRejection */
export type LoadModule = (bundle: string) => Promise<LoadedModule>;

export interface RecoveryOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly load: LoadModule;
  readonly warn: (message: string) => void;
  /** As of `openLog`. */
  readonly segmentBytesMax?: number;
  readonly reserveBytes?: number;
  /** What the rows of all databases may take. Default: no bound. */
  readonly budget?: MemoryBudget;
}

/**
 * Brings a database back: its newest good snapshot and the log after it, or the whole log.
 * @throws Rejection as `openLog`
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { disk, directory, load, warn, segmentBytesMax } = options;
  await disk.makeDirectory(directory);
  const snapshot = await newestSnapshot(disk, directory, warn);
  const state = new RecoveredState(load, new Store(options.budget));
  if (snapshot) await state.load(snapshot);
  const log = await openLog({
    disk,
    directory,
    ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
    ...(options.reserveBytes === undefined ? {} : { reserveBytes: options.reserveBytes }),
    ...(snapshot ? { after: snapshot } : {}),
    replay: (commit) => state.replay(commit),
  });
  if (log.tornTail) {
    const { file, offset, bytes } = log.tornTail;
    warn(`cut ${bytes} bytes of a write that was interrupted off the end of ${file}, at offset ${offset}`);
  }
  return {
    store: state.store,
    names: state.names,
    log,
    program: state.program,
    snapshotBytes: snapshot?.sizeBytes ?? 0,
  };
}

/** The newest snapshot that can be read; a bad one is passed over, for the one before it or for the log. */
export async function newestSnapshot(
  disk: Disk,
  directory: string,
  warn: (message: string) => void,
): Promise<Snapshot | undefined> {
  for (const file of await listSnapshots(disk, directory)) {
    try {
      return await openSnapshot(disk, file);
    } catch (error) {
      if (!(error instanceof LogRejection)) throw error;
      warn(`${error.message}; it is passed over`);
    }
  }
  return undefined;
}

/** A database as far as its commits have been replayed into `store`. */
export class RecoveredState<S extends Follower = Store> {
  readonly store: S;
  readonly names = new Names();
  program: Program | undefined;
  readonly #load: LoadModule;

  constructor(load: LoadModule, store: S) {
    this.#load = load;
    this.store = store;
    for (const table of systemTables) store.createTable(table);
  }

  /** Takes over everything that a snapshot holds. */
  async load(snapshot: Snapshot): Promise<void> {
    await this.begin(snapshot);
    for await (const part of snapshot.parts()) this.store.apply([part]);
    this.store.restoreSequences(snapshot.sequences);
  }

  /** Takes over what module a snapshot has and what its tables are called, and leaves their rows. */
  async begin(snapshot: Snapshot): Promise<void> {
    let bundle: string | undefined;
    for await (const part of snapshot.parts()) {
      // The system's tables come first.
      if (part.table >= firstUserId) break;
      this.#loadNames([part]);
      bundle ??= bundleIn([part]);
    }
    if (bundle !== undefined) this.program = await follow(this.store, this.names, undefined, bundle, this.#load);
  }

  replay(commit: Commit): void | Promise<void> {
    const changes = commit.changes.filter(({ table }) => table !== positionTableId);
    const positions = commit.changes.find(({ table }) => table === positionTableId);
    const { system, user } = split(changes);
    this.#loadNames(system);
    this.store.apply(system);
    const bundle = bundleIn(system);
    const finish = () => {
      this.store.apply(user);
      if (positions) this.store.restoreSequences(positions.inserts.map(readPositionRow));
    };
    if (bundle === undefined) return finish();
    return follow(this.store, this.names, this.program, bundle, this.#load).then((next) => {
      this.program = next;
      finish();
    });
  }

  #loadNames(changes: readonly TableChange[]): void {
    for (const change of changes) {
      if (change.table === nameTable.id) for (const row of change.inserts) this.names.load(row);
    }
  }
}

function split(changes: readonly TableChange[]): { system: TableChange[]; user: TableChange[] } {
  return {
    system: changes.filter((change) => change.table < firstUserId),
    user: changes.filter((change) => change.table >= firstUserId),
  };
}

function bundleIn(system: readonly TableChange[]): string | undefined {
  const row = system.find((change) => change.table === programTable.id)?.inserts[0];
  return row && readProgramRow(row);
}

/** Does again what an update of the module did to the tables. */
async function follow(
  store: Follower,
  names: Names,
  from: Program | undefined,
  bundle: string,
  load: LoadModule,
): Promise<Program> {
  const module = await load(bundle);
  if (!from) return { bundle, module, catalog: createTables(store, module.def, names) };
  const plan = planMigration(from.catalog.def, module.def, () => 0);
  assert(plan.kind === 'auto', 'the log holds an update of the module that could not have been made');
  return { bundle, module, catalog: alterTables(store, plan, from.catalog, module.def, names) };
}
