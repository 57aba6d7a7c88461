import type { IndexId, TableDef, TableId } from '../store/definition.ts';
import type { ModuleDef, ModuleTable } from './definition.ts';
import { type SystemTable, systemTables } from './system-catalog.ts';

/** A module's tables under the numbers that one database gave them. */
export interface Catalog {
  readonly def: ModuleDef;
  readonly tables: readonly CatalogTable[];
  /** What the host itself knows, as tables for the owner's queries. */
  readonly system: readonly SystemTable[];
  /** Accepts canonical and source names. */
  tableByName(name: string): CatalogTable | undefined;
  tableById(id: TableId): CatalogTable | undefined;
  /** Accepts canonical and source names. */
  indexByName(name: string): { readonly table: CatalogTable; readonly index: IndexId } | undefined;
}

export interface CatalogTable {
  readonly declared: ModuleTable;
  readonly stored: TableDef;
}

/** The numbers of a database's tables and indexes by canonical name, kept across updates of the module. */
export interface IdAssignment {
  tableId(tableName: string): TableId;
  indexId(indexName: string): IndexId;
}

export function buildCatalog(def: ModuleDef, ids: IdAssignment): Catalog {
  const tables = def.tables.map((declared) => ({ declared, stored: storedTable(declared, ids) }));
  const byName = new Map<string, CatalogTable>();
  const byId = new Map<TableId, CatalogTable>();
  const indexes = new Map<string, { readonly table: CatalogTable; readonly index: IndexId }>();
  for (const table of tables) {
    byId.set(table.stored.id, table);
    // A canonical name wins over another table's source name.
    if (!byName.has(table.declared.sourceName)) byName.set(table.declared.sourceName, table);
    table.declared.indexes.forEach((index) => {
      const entry = { table, index: ids.indexId(index.name) };
      if (index.sourceName !== undefined && !indexes.has(index.sourceName)) indexes.set(index.sourceName, entry);
    });
  }
  for (const table of tables) {
    byName.set(table.declared.name, table);
    for (const index of table.declared.indexes) indexes.set(index.name, { table, index: ids.indexId(index.name) });
  }
  return {
    def,
    tables,
    system: systemTables(def, tables),
    tableByName: (name) => byName.get(name),
    tableById: (id) => byId.get(id),
    indexByName: (name) => indexes.get(name),
  };
}

function storedTable(declared: ModuleTable, ids: IdAssignment): TableDef {
  return {
    id: ids.tableId(declared.name),
    name: declared.name,
    row: declared.row,
    primaryKey: declared.primaryKey,
    indexes: declared.indexes.map((index) => ({
      id: ids.indexId(index.name),
      name: index.name,
      algorithm: index.algorithm,
      columns: index.columns,
      isUnique: index.isUnique,
    })),
    sequences: declared.sequences,
    isEvent: declared.isEvent,
  };
}
