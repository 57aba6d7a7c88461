import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeValue, encodeValue, type Value } from '../bsatn/value.ts';
import type { TableChange, Transaction } from '../store/contract.ts';
import type { IndexId, TableId } from '../store/definition.ts';
import { Store } from '../store/store.ts';
import { bundle } from './bundle.ts';
import { buildCatalog, type Catalog } from './catalog.ts';
import type { LoadedModule, ModuleInstance, Outcome, ViewOutcome } from './instance.ts';
import { loadModule } from './load.ts';
import type { ModuleLogRecord } from './log-record.ts';

// Below node_modules, so that a test's module finds its packages.
const folder = fileURLToPath(new URL('../../node_modules/.helix-test-modules', import.meta.url));

/** Writes a module's files and bundles `module.ts` of them. */
export async function bundleOf(source: string, files: Record<string, string> = {}): Promise<string> {
  const all: Record<string, string> = { ...files, 'module.ts': source };
  const name = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16);
  for (const [file, text] of Object.entries(all)) {
    const path = join(folder, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return bundle(join(folder, name, 'module.ts'));
}

export async function moduleOf(source: string, files: Record<string, string> = {}): Promise<LoadedModule> {
  return loadModule(await bundleOf(source, files));
}

export const alice = 0xa11cen;
export const databaseIdentity = 0xdbn;

/** A store and an instance of a module over it, with the smallest host that there can be. */
export class TestDatabase {
  readonly module: LoadedModule;
  readonly store = new Store();
  readonly catalog: Catalog;
  readonly logs: ModuleLogRecord[] = [];
  readonly scheduled: { reducer: string; args: Uint8Array }[] = [];
  readonly claims = new Map<bigint, string>();
  readonly instance: ModuleInstance;
  #open: Transaction | undefined;
  timestampMicros = 1_700_000_000_000_000n;

  constructor(module: LoadedModule) {
    this.module = module;
    let lastId = 0;
    const ids = new Map<string, number>();
    const idOf = (name: string): number => {
      const id = ids.get(name) ?? ++lastId;
      ids.set(name, id);
      return id;
    };
    this.catalog = buildCatalog(module.def, {
      tableId: (name) => idOf(`table ${name}`) as TableId,
      indexId: (name) => idOf(`index ${name}`) as IndexId,
    });
    for (const table of this.catalog.tables) this.store.createTable(table.stored);
    this.instance = module.attach({
      catalog: this.catalog,
      identity: databaseIdentity,
      reader: (table) => this.store.table(table),
      claims: (connectionId) => this.claims.get(connectionId) ?? '',
      log: (record) => void this.logs.push(record),
      scheduleImmediate: (reducer, args) => void this.scheduled.push({ reducer, args }),
    });
  }

  static async open(source: string, files: Record<string, string> = {}): Promise<TestDatabase> {
    return new TestDatabase(await moduleOf(source, files));
  }

  /** Calls a reducer by its source name; commits when it ends well. */
  call(name: string, ...args: Value[]): Outcome {
    return this.callAs(alice, 0n, name, ...args).outcome;
  }

  callAs(
    sender: bigint,
    connectionId: bigint,
    name: string,
    ...args: Value[]
  ): { outcome: Outcome; changes: TableChange[] } {
    const reducer = this.catalog.def.reducers.find((reducer) => reducer.sourceName === name);
    if (reducer === undefined) throw new Error(`the module has no reducer ${name}`);
    const bytes = encodeValue({ kind: 'product', fields: reducer.params }, args);
    const tx = this.store.begin();
    this.#open = tx;
    const outcome = this.instance.callReducer(tx, reducer.id, sender, connectionId, this.timestampMicros, bytes);
    if (outcome.kind === 'ok') return { outcome, changes: tx.commit() };
    tx.rollback();
    return { outcome, changes: [] };
  }

  /** Undoes the call that the thread was taken out of. */
  abandon(): void {
    this.#open?.rollback();
  }

  /** Like `call`, but throws when it does not end well, with what was logged. */
  run(name: string, ...args: Value[]): void {
    const outcome = this.call(name, ...args);
    if (outcome.kind !== 'ok') throw new Error(`${outcome.message}\n${this.logs.at(-1)?.message}`);
  }

  rows(tableName: string): Value[] {
    const { stored } = this.#table(tableName);
    const reader = this.store.table(stored.id);
    return reader.scan().map((handle) => decodeValue(stored.row, reader.row(handle)));
  }

  view(name: string, sender?: bigint): ViewOutcome {
    const view = this.catalog.def.views.find((view) => view.sourceName === name);
    if (view === undefined) throw new Error(`the module has no view ${name}`);
    return this.instance.evaluateView(view, sender);
  }

  /** What the module wrote, without the host's own lines. */
  get lines(): string[] {
    return this.logs.map((record) => record.message);
  }

  #table(name: string): Catalog['tables'][number] {
    const table = this.catalog.tableByName(name);
    if (table === undefined) throw new Error(`the module has no table ${name}`);
    return table;
  }
}
