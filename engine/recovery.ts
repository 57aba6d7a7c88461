import { assert } from './errors.ts';
import type { Disk } from './host/disk.ts';
import { type CommitLog, openLog } from './log/log.ts';
import type { Catalog } from './module/catalog.ts';
import type { LoadedModule } from './module/instance.ts';
import { planMigration } from './module/migration.ts';
import { Names } from './names.ts';
import { alterTables, createTables } from './program.ts';
import { Store } from './store/store.ts';
import { firstUserId, nameTable, programTable, readProgramRow, systemTables } from './system.ts';

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
}

/** Brings a database back from its log: the same store, the same numbers, the same module. */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { disk, directory, load, warn, segmentBytesMax } = options;
  const store = new Store();
  for (const table of systemTables) store.createTable(table);
  const names = new Names();
  let program: Program | undefined;
  const log = await openLog({
    disk,
    directory,
    ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
    replay: ({ changes }) => {
      const system = changes.filter((change) => change.table < firstUserId);
      const user = changes.filter((change) => change.table >= firstUserId);
      for (const change of system) {
        if (change.table === nameTable.id) for (const row of change.inserts) names.load(row);
      }
      store.apply(system);
      const bundle = system.find((change) => change.table === programTable.id)?.inserts[0];
      if (!bundle) {
        store.apply(user);
        return undefined;
      }
      return follow(store, names, program, readProgramRow(bundle), load).then((next) => {
        program = next;
        store.apply(user);
      });
    },
  });
  if (log.tornTail) {
    const { file, offset, bytes } = log.tornTail;
    warn(`cut ${bytes} bytes of a write that was interrupted off the end of ${file}, at offset ${offset}`);
  }
  return { store, names, log, program };
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
