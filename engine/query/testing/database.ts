import { Reader } from '../../bsatn/reader.ts';
import type { ProductType } from '../../bsatn/type.ts';
import { decodeValue, encodeValue, type Value } from '../../bsatn/value.ts';
import { buildCatalog, type Catalog } from '../../module/catalog.ts';
import type { ModuleDef, ModuleTable, ViewDef } from '../../module/definition.ts';
import type { TableChange, Transaction } from '../../store/contract.ts';
import type { IndexId, TableId } from '../../store/definition.ts';
import { Store } from '../../store/store.ts';
import type { Caller, EvaluateView, QuerySetUpdate, RowList, Subscriber } from '../contract.ts';
import { createQueries, type DatabaseQueries } from '../queries.ts';

export type Row = readonly Value[];

export function testTable(
  name: string,
  columns: readonly (readonly [string, ProductType['fields'][number]['type']])[],
  options: Partial<ModuleTable> = {},
): ModuleTable {
  return {
    name,
    sourceName: name,
    namespace: '',
    row: { kind: 'product', fields: columns.map(([column, type]) => ({ name: column, type })) },
    rowTypeName: undefined,
    primaryKey: undefined,
    indexes: [],
    uniques: [],
    sequences: [],
    defaults: [],
    isPublic: true,
    isEvent: false,
    schedule: undefined,
    ...options,
  };
}

export function testIndex(table: string, columns: readonly number[], isUnique = false): ModuleTable['indexes'][number] {
  const name = `${table}_${columns.join('_')}_idx`;
  return { name, sourceName: undefined, accessor: undefined, algorithm: 'btree', columns, isUnique };
}

export function testView(name: string, row: ProductType, options: Partial<ViewDef> = {}): ViewDef {
  return {
    name,
    sourceName: name,
    namespace: '',
    hookId: 0,
    isAnonymous: false,
    isPublic: true,
    row,
    rowTypeName: undefined,
    primaryKey: [],
    ...options,
  };
}

export function testModule(tables: readonly ModuleTable[], options: Partial<ModuleDef> = {}): ModuleDef {
  return {
    tables,
    reducers: [],
    procedures: [],
    views: [],
    types: [],
    rowLevelSecurity: [],
    httpHandlers: [],
    httpRoutes: [],
    submodules: [],
    ...options,
  };
}

/** A store with queries over it, and what each subscriber would have in memory. */
export class TestDatabase {
  readonly store = new Store();
  catalog: Catalog;
  readonly queries: DatabaseQueries;
  readonly replicas = new Map<Subscriber, Replica>();

  constructor(
    def: ModuleDef,
    evaluateView: (database: TestDatabase) => EvaluateView = () => noViews,
    options: { readonly joinedRowsMax?: number; readonly requireTime?: () => void } = {},
  ) {
    this.catalog = catalogOf(def);
    for (const { stored } of this.catalog.tables) this.store.createTable(stored);
    this.queries = createQueries({
      catalog: this.catalog,
      reader: (id) => this.store.table(id),
      evaluateView: evaluateView(this),
      ...options,
    });
  }

  /**
   * Goes over to another version of the module as the engine does.
   * @returns why query sets cannot go on, by subscriber
   */
  become(def: ModuleDef): ReadonlyMap<Subscriber, string> {
    this.catalog = catalogOf(def);
    for (const { stored } of this.catalog.tables) this.store.alterTable(stored.id, stored);
    const ended = this.queries.replaceCatalog(this.catalog);
    this.commit(() => {});
    return new Map(ended.map(({ subscriber, message }) => [subscriber, message]));
  }

  tableId(name: string): TableId {
    return this.#table(name).stored.id;
  }

  encode(table: string, row: Row): Uint8Array {
    return encodeValue(this.#table(table).declared.row, row);
  }

  rows(table: string): Row[] {
    const reader = this.store.table(this.tableId(table));
    return reader.scan().map((handle) => decodeValue(reader.def.row, new Uint8Array(reader.row(handle))) as Row);
  }

  /** Runs one transaction as the engine does and gives every replica its update. */
  commit(write: (transaction: Transaction) => void): ReadonlyMap<Subscriber, QuerySetUpdate[]> {
    const transaction = this.store.begin();
    write(transaction);
    this.queries.prepare(transaction.changes());
    return this.publish(transaction.commit());
  }

  publish(changes: readonly TableChange[]): ReadonlyMap<Subscriber, QuerySetUpdate[]> {
    const updates = this.queries.publish(changes);
    for (const [subscriber, querySets] of updates) this.replicas.get(subscriber)?.apply(querySets);
    return updates;
  }

  insert(table: string, ...rows: readonly Row[]): ReadonlyMap<Subscriber, QuerySetUpdate[]> {
    return this.commit((transaction) => {
      for (const row of rows) transaction.insert(this.tableId(table), this.encode(table, row));
    });
  }

  delete(table: string, ...rows: readonly Row[]): ReadonlyMap<Subscriber, QuerySetUpdate[]> {
    return this.commit((transaction) => {
      for (const row of rows) transaction.deleteEqual(this.tableId(table), this.encode(table, row));
    });
  }

  subscribe(caller: Caller, ...queries: readonly string[]): Replica {
    const replica = new Replica();
    this.replicas.set(replica, replica);
    for (const { table, rows } of this.queries.subscribe(replica, caller, 1, queries)) replica.add(table, rows, 1);
    return replica;
  }

  #table(name: string) {
    const table = this.catalog.tableByName(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }
}

const noViews: EvaluateView = (view) => {
  throw new Error(`no view ${view.name}`);
};

export function catalogOf(def: ModuleDef): Catalog {
  const tables = def.tables.map(({ name }) => name);
  const indexes = def.tables.flatMap((table) => table.indexes.map(({ name }) => name));
  return buildCatalog(def, {
    tableId: (name) => (tables.indexOf(name) + 1) as TableId,
    indexId: (name) => (indexes.indexOf(name) + 1) as IndexId,
  });
}

/** Rows as a client keeps them: each with how often it was sent, by its bytes in hex. */
export class Replica {
  readonly counts = new Map<string, number>();
  readonly events: string[] = [];

  apply(querySets: readonly QuerySetUpdate[]): void {
    for (const { tables } of querySets) {
      for (const { table, isEvent, inserts, deletes } of tables) {
        if (isEvent) this.events.push(...rowsIn(inserts).map((row) => nameRow(table, row)));
        else {
          this.add(table, deletes, -1);
          this.add(table, inserts, 1);
        }
      }
    }
    for (const [row, count] of this.counts)
      if (count < 0) throw new Error(`${row} was deleted ${-count} times too often`);
  }

  add(table: string, rows: RowList, times: number): void {
    for (const row of rowsIn(rows)) {
      const name = nameRow(table, row);
      const count = (this.counts.get(name) ?? 0) + times;
      if (count === 0) this.counts.delete(name);
      else this.counts.set(name, count);
    }
  }

  /** Every row as often as it was sent, sorted. */
  get bag(): string[] {
    return [...this.counts].flatMap(([row, count]) => Array<string>(count).fill(row)).sort();
  }
}

export function nameRow(table: string, row: Uint8Array): string {
  return `${table} ${Buffer.from(row).toString('hex')}`;
}

/** Reads a wire BsatnRowList. */
export function rowsIn({ encoded, rowCount }: RowList): Uint8Array[] {
  const reader = new Reader(encoded);
  const starts: number[] = [];
  let size = 0;
  const isFixed = reader.u8() === 0;
  if (isFixed) size = reader.u16();
  else for (let i = reader.u32(); i > 0; i--) starts.push(Number(reader.u64()));
  const data = reader.byteArray();
  reader.finish();
  if (isFixed) for (let at = 0; size > 0 && at < data.length; at += size) starts.push(at);
  const rows = starts.map((start, i) => data.subarray(start, starts[i + 1] ?? data.length));
  if (rows.length !== rowCount) throw new Error(`${rows.length} rows are sent as ${rowCount}`);
  return rows;
}
