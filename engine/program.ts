import { createHash } from 'node:crypto';
import { layoutOf } from './bsatn/layout.ts';
import type { ProductType } from './bsatn/type.ts';
import { decodeValue } from './bsatn/value.ts';
import { AssertionError, assert } from './errors.ts';
import { buildCatalog, type Catalog, type CatalogTable, type IdAssignment } from './module/catalog.ts';
import type { ModuleDef, ModuleSequence, ModuleTable } from './module/definition.ts';
import type { MigrationPlan } from './module/migration.ts';
import { createQueries } from './query/queries.ts';
import type { Follower, TableReader } from './store/contract.ts';
import type { IndexId, TableDef, TableId } from './store/definition.ts';
import type { Store } from './store/store.ts';
import { firstUserId } from './system.ts';

/** Names a bundle: 64 hex digits. */
export function hashBundle(bundle: string): string {
  return createHash('sha256').update(bundle).digest('hex');
}

/** @throws Rejection when a rule of row-level security cannot be used: found before anything has been changed */
export function requireUsableRules(def: ModuleDef): void {
  let next = firstUserId;
  const ids: IdAssignment = { tableId: () => next++ as TableId, indexId: () => next++ as IndexId };
  createQueries({
    catalog: buildCatalog(def, ids),
    reader: () => undefined,
    evaluateView: (view) => {
      throw new AssertionError(`the view ${view.name} is evaluated before it is published`);
    },
  });
}

/** What of the stored rows stands in the way of a plan: a sequence must not give a value that a row has. */
export function conflictsWithRows(store: Store, plan: MigrationPlan & { kind: 'auto' }, catalog: Catalog): string[] {
  return plan.steps.flatMap((step) => {
    if (step.kind !== 'alter-table') return [];
    const { stored } = catalogTable(catalog, step.from.name);
    const added = step.to.sequences.filter(({ column }) => !step.from.sequences.some((old) => old.column === column));
    const taken = added.filter((sequence) => hasValueIn(store.table(stored.id), stored.row, sequence));
    return taken.map(({ name }) => `Precheck failed: added sequence ${name} already has values in range`);
  });
}

function hasValueIn(rows: TableReader, row: ProductType, { column, start, max }: ModuleSequence): boolean {
  const layout = layoutOf(row);
  const type = row.fields[column]?.type;
  assert(type, `a sequence fills column ${column}, which does not exist`);
  return rows.scan().some((handle) => {
    const bytes = rows.row(handle);
    const from = layout.columnStart(bytes, 0, column);
    const value = decodeValue(type, bytes.slice(from, layout.columnEnd(bytes, from, column))) as bigint | number;
    return value >= start && value <= max;
  });
}

/** Makes the tables of a module that is the first in its database. */
export function createTables(store: Follower, def: ModuleDef, ids: IdAssignment): Catalog {
  const catalog = buildCatalog(def, ids);
  for (const table of catalog.tables) store.createTable(table.stored);
  return catalog;
}

/**
 * Changes the stored tables from one module's to the next's. It does the same for the same plan whenever it runs, so a
 * replay of the log comes to the same rows.
 */
export function alterTables(
  store: Follower,
  plan: MigrationPlan & { kind: 'auto' },
  from: Catalog,
  def: ModuleDef,
  ids: IdAssignment,
): Catalog {
  const catalog = buildCatalog(def, ids);
  for (const step of plan.steps) {
    if (step.kind === 'create-table') store.createTable(storedOf(catalog, step.table.name));
    else if (step.kind === 'drop-table') store.dropTable(storedOf(from, step.table.name).id);
    else if (step.kind === 'alter-table') {
      const stored = storedOf(catalog, step.to.name);
      store.alterTable(stored.id, stored, addedColumns(step.from, step.to));
    }
  }
  return catalog;
}

/** How a row of the earlier table becomes one of the next: the defaults of the added columns follow it. */
function addedColumns(from: ModuleTable, to: ModuleTable): ((row: Uint8Array) => Uint8Array) | undefined {
  if (to.row.fields.length === from.row.fields.length) return undefined;
  const defaults: Uint8Array[] = [];
  for (let column = from.row.fields.length; column < to.row.fields.length; column++) {
    const added = to.defaults.find((entry) => entry.column === column);
    assert(added, `column ${column} of ${to.name} has no default`);
    defaults.push(added.value);
  }
  const suffix = Buffer.concat(defaults);
  return (row) => Buffer.concat([row, suffix]);
}

function storedOf(catalog: Catalog, name: string): TableDef {
  return catalogTable(catalog, name).stored;
}

function catalogTable(catalog: Catalog, name: string): CatalogTable {
  const table = catalog.tableByName(name);
  assert(table, `the table ${name} is not in the catalog`);
  return table;
}
