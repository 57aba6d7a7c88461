import type { ProductType } from '../bsatn/type.ts';
import type { Catalog, CatalogTable } from '../module/catalog.ts';
import type { ViewDef } from '../module/definition.ts';
import { QueryRejection } from './rejection.ts';

/** What a query can read from. */
export type Relation =
  | { readonly kind: 'table'; readonly table: CatalogTable }
  | { readonly kind: 'view'; readonly view: ViewDef };

/** Who reads, and what that opens. */
export interface Rights {
  /** What `:sender` stands for; undefined where it is not allowed. */
  readonly sender: bigint | undefined;
  readonly seesPrivate: boolean;
  readonly seesViews: boolean;
}

/** Finds relations by canonical name or source name; tables come before views, canonical names before source names. */
export class Names {
  readonly #catalog: Catalog;
  readonly #views = new Map<string, ViewDef>();
  readonly #system: ReadonlyMap<string, CatalogTable>;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#system = new Map(catalog.system.map(({ table }) => [table.declared.name, table]));
    for (const view of catalog.def.views) if (!this.#views.has(view.sourceName)) this.#views.set(view.sourceName, view);
    for (const view of catalog.def.views) this.#views.set(view.name, view);
  }

  /** Whether the host fills the table, so that nobody may write it. */
  isSystem({ declared }: CatalogTable): boolean {
    return this.#system.has(declared.name);
  }

  /** @throws QueryRejection `no-such-table`, also for what the reader may not see */
  find(name: string, rights: Rights): Relation {
    const table = this.#catalog.tableByName(name);
    if (table && (table.declared.isPublic || rights.seesPrivate)) return { kind: 'table', table };
    const view = table === undefined && this.#views.get(name);
    if (view && !rights.seesViews) throw new QueryRejection('view', 'view definition cannot read from other views');
    if (view && (view.isPublic || rights.seesPrivate)) return { kind: 'view', view };
    const system = rights.seesPrivate && rights.seesViews && this.#system.get(name);
    if (system) return { kind: 'table', table: system };
    throw new QueryRejection(
      'no-such-table',
      `no such table: \`${name}\`. If the table exists, it may be marked private.`,
    );
  }
}

export function nameOf(relation: Relation): string {
  return relation.kind === 'table' ? relation.table.declared.name : relation.view.name;
}

export function rowOf(relation: Relation): ProductType {
  return relation.kind === 'table' ? relation.table.stored.row : relation.view.row;
}

export function isEvent(relation: Relation): boolean {
  return relation.kind === 'table' && relation.table.stored.isEvent;
}

/** The position of a column by canonical name, else by source name; -1 for none. */
export function columnOf(relation: Relation, name: string): number {
  const canonical = rowOf(relation).fields.findIndex((field) => field.name === name);
  if (canonical >= 0) return canonical;
  const declared = relation.kind === 'table' ? relation.table.declared : relation.view;
  return declared.columnSourceNames?.indexOf(name) ?? -1;
}
