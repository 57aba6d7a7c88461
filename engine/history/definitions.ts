import { buildCatalog, type Catalog } from '../module/catalog.ts';
import type { LoadedModule } from '../module/instance.ts';
import { Names } from '../names.ts';
import type { LoadModule } from '../recovery.ts';
import type { TableChange } from '../store/contract.ts';
import { nameTable, programTable, readProgramRow } from '../system.ts';
import type { DefinitionRow } from './contract.ts';

const modulesMax = 4;

/** Modules by their bundle, so that the pages of a history do not read the same one again. */
export class ModuleCache {
  readonly #load: LoadModule;
  readonly #modules = new Map<string, Promise<LoadedModule>>();

  constructor(load: LoadModule) {
    this.#load = load;
  }

  get(bundle: string): Promise<LoadedModule> {
    const known = this.#modules.get(bundle);
    if (known) return known;
    const [oldest] = this.#modules.keys();
    if (oldest !== undefined && this.#modules.size >= modulesMax) this.#modules.delete(oldest);
    const loading = this.#load(bundle);
    this.#modules.set(bundle, loading);
    return loading;
  }
}

export function isDefinition(table: number): boolean {
  return table === programTable.id || table === nameTable.id;
}

/** What the tables of a database were at one commit. It goes back in time, by taking changes of them back. */
export class Definitions {
  readonly #modules: ModuleCache;
  readonly #rows = new Map<string, DefinitionRow>();
  #catalog: Promise<Catalog> | undefined;

  constructor(modules: ModuleCache, rows: readonly DefinitionRow[]) {
    this.#modules = modules;
    for (const row of rows) this.#rows.set(keyOf(row), row);
  }

  catalog(): Promise<Catalog> {
    this.#catalog ??= this.#build();
    return this.#catalog;
  }

  /** Goes back before a commit. @returns whether it had defined anything */
  undo(changes: readonly TableChange[]): boolean {
    const defining = changes.filter(({ table }) => isDefinition(table));
    for (const { table, inserts, deletes } of defining) {
      for (const row of inserts) this.#rows.delete(keyOf({ table, row }));
      for (const row of deletes) this.#rows.set(keyOf({ table, row }), { table, row });
    }
    if (defining.length === 0) return false;
    this.#catalog = undefined;
    return true;
  }

  async #build(): Promise<Catalog> {
    const names = new Names();
    let bundle = '';
    for (const { table, row } of this.#rows.values()) {
      if (table === nameTable.id) names.load(row);
      else bundle = readProgramRow(row);
    }
    return buildCatalog((await this.#modules.get(bundle)).def, names);
  }
}

function keyOf({ table, row }: DefinitionRow): string {
  return `${table} ${Buffer.from(row).toString('latin1')}`;
}
