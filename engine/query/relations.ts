import type { Catalog, CatalogTable } from '../module/catalog.ts';
import type { ViewDef } from '../module/definition.ts';
import type { TableChange, TableReader } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import type { Select } from './ast.ts';
import type { Caller } from './contract.ts';
import { Names, nameOf, type Rights, rowOf } from './names.ts';
import { parseStatement } from './parser.ts';
import { type RowsQuery, resolveDefinition, resolveRule } from './query.ts';
import { naming, QueryRejection } from './rejection.ts';
import { RowsSource } from './rows-source.ts';
import { Change, type Source } from './source.ts';
import { TableSource } from './table-source.ts';
import { isSameLayout } from './value.ts';

export type ReaderOf = (table: TableId) => TableReader | undefined;

/** What the names in queries stand for in one version of a module. */
export class Relations {
  readonly catalog: Catalog;
  readonly names: Names;
  readonly #reader: ReaderOf;
  readonly #sources = new Map<TableId, TableSource>();
  /** The host's tables that are not stored, each made when somebody first asks for it. */
  readonly #derived = new Map<TableId, RowsSource>();
  readonly #rules = new Map<CatalogTable, Select[]>();

  /** @throws QueryRejection when a rule of row-level security cannot be used */
  constructor(catalog: Catalog, reader: ReaderOf) {
    this.catalog = catalog;
    this.names = new Names(catalog);
    this.#reader = reader;
    for (const sql of catalog.def.rowLevelSecurity) naming(sql, () => this.#addRule(sql));
  }

  source(table: CatalogTable): Source {
    const { stored } = table;
    const known = this.#sources.get(stored.id) ?? this.#derived.get(stored.id);
    if (known) return known;
    const rowsOf = this.catalog.system.find((system) => system.table.stored.id === stored.id)?.rows;
    if (rowsOf) {
      const derived = new RowsSource(stored.name, stored.row, rowsOf());
      this.#derived.set(stored.id, derived);
      return derived;
    }
    const source = new TableSource(stored, () => this.#reader(stored.id));
    this.#sources.set(stored.id, source);
    return source;
  }

  /** Shows the changes of a commit to the sources of its tables, and returns those sources. */
  begin(changes: readonly TableChange[]): TableSource[] {
    const sources: TableSource[] = [];
    for (const change of changes) {
      const source = this.#sources.get(change.table);
      if (source === undefined) continue;
      source.change = new Change(source.layout, change.inserts, change.deletes);
      sources.push(source);
    }
    return sources;
  }

  /**
   * What a caller may see of a table's rows: empty when there are no rules for them.
   * @param isLive whether they are to be kept current, for which their joins need indexes
   */
  rules(table: CatalogTable, caller: Caller, isLive: boolean): RowsQuery[] {
    const rules = caller.isOwner ? undefined : this.#rules.get(table);
    return (rules ?? []).map((rule) => this.#resolveRule(rule, caller.identity, isLive));
  }

  /**
   * The query that a view returned.
   * @throws QueryRejection also when its rows are not of the view's type
   */
  viewQuery(view: ViewDef, sql: string): RowsQuery {
    return naming(sql, () => {
      const what = `The view \`${view.name}\``;
      const rights: Rights = { sender: undefined, seesPrivate: true, seesViews: false };
      const query = resolveDefinition(this.names, selectIn(sql), rights, what);
      const relation = query.relations[query.output];
      if (relation !== undefined && isSameLayout(rowOf(relation), view.row)) return query;
      const seen = relation === undefined ? 'nothing' : `rows of \`${nameOf(relation)}\``;
      throw new QueryRejection('view', `${what} returns ${seen}, which are not of its declared type`);
    });
  }

  /**
   * Ends this version: its sources may still be read, but without the indexes that the next one may have changed, and
   * empty when their table is gone.
   */
  retire(next: Catalog): void {
    for (const [table, source] of this.#sources) source.retire(next.tableById(table) !== undefined);
  }

  publicTables(): CatalogTable[] {
    return this.catalog.tables.filter(({ declared }) => declared.isPublic);
  }

  #addRule(sql: string): void {
    const rule = selectIn(sql);
    const { relations, output } = this.#resolveRule(rule, 0n, false);
    const relation = relations[output];
    if (relation?.kind !== 'table') return;
    if (!relation.table.declared.isPublic) {
      const message = `\`${nameOf(relation)}\` is private, so that rules for what others see of it have no use: make it public, or remove the rule`;
      throw new QueryRejection('unsupported', message);
    }
    const rules = this.#rules.get(relation.table);
    if (rules) rules.push(rule);
    else this.#rules.set(relation.table, [rule]);
  }

  #resolveRule(rule: Select, sender: bigint, isLive: boolean): RowsQuery {
    const rights: Rights = { sender, seesPrivate: true, seesViews: false };
    return resolveRule(this.names, rule, rights, 'Rules of row-level security', isLive);
  }
}

function selectIn(sql: string): Select {
  const statement = parseStatement(sql);
  if (statement.kind === 'select') return statement;
  throw new QueryRejection('unsupported', 'expected a SELECT of rows of one table');
}
