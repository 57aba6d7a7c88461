import { assert } from './errors.ts';
import type { Disk } from './host/disk.ts';
import type { Commit } from './log/commit.ts';
import { LogRejection } from './log/failure.ts';
import { type CommitLog, openLog } from './log/log.ts';
import { listSnapshots, readSnapshot, type Snapshot, writeSnapshot } from './log/snapshot.ts';
import type { Catalog } from './module/catalog.ts';
import type { LoadedModule } from './module/instance.ts';
import { planMigration } from './module/migration.ts';
import { Names } from './names.ts';
import { alterTables, createTables } from './program.ts';
import type { TableChange } from './store/contract.ts';
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
  /** A start that replays more bytes of rows than this leaves a snapshot. Default: 16 MiB. */
  readonly snapshotAfterBytes?: number;
}

const snapshotAfterBytesDefault = 16 * 1024 * 1024;

/**
 * Brings a database back: its newest good snapshot and the log after it, or the whole log. When much was replayed, the
 * next start gets a snapshot to begin with.
 * @throws Rejection as `openLog`
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { disk, directory, load, warn, segmentBytesMax, snapshotAfterBytes = snapshotAfterBytesDefault } = options;
  const snapshot = await newestSnapshot(disk, directory, warn);
  const state = new RecoveredState(load);
  if (snapshot) await state.load(snapshot);
  const log = await openLog({
    disk,
    directory,
    ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
    ...(snapshot ? { after: snapshot } : {}),
    replay: (commit) => state.replay(commit),
  });
  if (log.tornTail) {
    const { file, offset, bytes } = log.tornTail;
    warn(`cut ${bytes} bytes of a write that was interrupted off the end of ${file}, at offset ${offset}`);
  }
  if (state.replayedBytes >= snapshotAfterBytes) {
    try {
      await writeSnapshot(disk, directory, state.store, log.openedAt);
    } catch (error) {
      warn(`no snapshot was written in ${directory}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { store: state.store, names: state.names, log, program: state.program };
}

/** The newest snapshot that can be read; a bad one is passed over, because the log holds everything. */
async function newestSnapshot(
  disk: Disk,
  directory: string,
  warn: (message: string) => void,
): Promise<Snapshot | undefined> {
  await disk.makeDirectory(directory);
  for (const file of await listSnapshots(disk, directory)) {
    try {
      return await readSnapshot(disk, file);
    } catch (error) {
      if (!(error instanceof LogRejection)) throw error;
      warn(`${error.message}; it is passed over`);
    }
  }
  return undefined;
}

/** A database as far as its commits have been replayed. */
export class RecoveredState {
  readonly store = new Store();
  readonly names = new Names();
  program: Program | undefined;
  /** Bytes of the rows that were replayed. */
  replayedBytes = 0;
  readonly #load: LoadModule;

  constructor(load: LoadModule) {
    this.#load = load;
    for (const table of systemTables) this.store.createTable(table);
  }

  async load({ tables, sequences }: Snapshot): Promise<void> {
    const { system, user } = split(tables);
    this.#applySystem(system);
    const bundle = bundleIn(system);
    if (bundle !== undefined) this.program = await follow(this.store, this.names, undefined, bundle, this.#load);
    this.store.apply(user);
    this.store.restoreSequences(sequences);
  }

  replay(commit: Commit): void | Promise<void> {
    const changes = commit.changes.filter(({ table }) => table !== positionTableId);
    const positions = commit.changes.find(({ table }) => table === positionTableId);
    const { system, user } = split(changes);
    for (const { inserts, deletes } of changes) {
      for (const row of inserts) this.replayedBytes += row.length;
      for (const row of deletes) this.replayedBytes += row.length;
    }
    this.#applySystem(system);
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

  #applySystem(changes: readonly TableChange[]): void {
    for (const change of changes) {
      if (change.table === nameTable.id) for (const row of change.inserts) this.names.load(row);
    }
    this.store.apply(changes);
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
  store: Store,
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
