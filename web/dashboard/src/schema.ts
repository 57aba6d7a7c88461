import { type Field, type ProductType, type Type, Types } from './sats/type.ts';

/** Something with rows: a table or a view. */
export interface Relation {
  readonly name: string;
  readonly kind: 'table' | 'view';
  readonly row: ProductType;
  /** The column's position. */
  readonly primaryKey: number | undefined;
  readonly isPublic: boolean;
  /** Its rows pass by and are not kept. */
  readonly isEvent: boolean;
  /** What runs its rows when they are due. */
  readonly schedules: string | undefined;
}

export interface Callable {
  readonly name: string;
  readonly kind: 'reducer' | 'procedure';
  readonly params: readonly Field[];
  readonly returns: Type | undefined;
  /** Why clients cannot call it; empty when they can. */
  readonly closed: '' | 'private' | 'scheduled' | 'init' | 'connect' | 'disconnect';
}

export interface Schema {
  readonly relations: readonly Relation[];
  readonly callables: readonly Callable[];
  readonly typeNames: ReadonlyMap<Type, string>;
}

// Version 9 of a schema has every name as it is on the wire, version 10 what was added since, in the same order.

export interface Schema9 {
  readonly typespace: { readonly types: readonly unknown[] };
  readonly tables: readonly {
    readonly name: string;
    readonly product_type_ref: number;
    readonly primary_key: readonly number[];
    readonly schedule: Optional<{ readonly reducer_name: string }>;
    readonly table_access: { readonly Public?: unknown };
  }[];
  readonly reducers: readonly {
    readonly name: string;
    readonly params: Elements;
    readonly lifecycle: Optional<Record<string, unknown>>;
  }[];
  readonly types: readonly { readonly name: { readonly name: string }; readonly ty: number }[];
  readonly misc_exports: readonly {
    readonly Procedure?: { readonly name: string; readonly params: Elements; readonly return_type: unknown };
    readonly View?: { readonly name: string; readonly is_public: boolean; readonly return_type: { Array: unknown } };
  }[];
}

export interface Schema10 {
  readonly sections: readonly {
    readonly Tables?: readonly { readonly is_event: boolean }[];
    readonly Reducers?: readonly { readonly visibility: Visibility }[];
    readonly Procedures?: readonly { readonly visibility: Visibility }[];
    readonly Submodules?: readonly { readonly module: Schema10 }[];
  }[];
}

interface Optional<T> {
  readonly some?: T;
}

interface Elements {
  readonly elements: unknown;
}

interface Visibility {
  readonly Private?: unknown;
}

/** What a database consists of, from both versions of its schema. */
export function schemaOf(schema: Schema9, added: Schema10): Schema {
  const types = new Types(schema.typespace.types);
  const extra = flatten(added);
  const scheduled = new Set(schema.tables.map(({ schedule }) => schedule.some?.reducer_name));
  const tables = schema.tables.map((table, at): Relation => {
    const row = types.at(table.product_type_ref) as ProductType;
    return {
      ...{ name: table.name, kind: 'table', row, primaryKey: table.primary_key[0] },
      isPublic: table.table_access.Public !== undefined,
      isEvent: extra.tables[at]?.is_event ?? false,
      schedules: table.schedule.some?.reducer_name,
    };
  });
  const views = schema.misc_exports.flatMap(({ View: view }): Relation[] => {
    if (view === undefined) return [];
    const row = types.read(view.return_type.Array) as ProductType;
    const { name, is_public: isPublic } = view;
    return [{ name, kind: 'view', row, primaryKey: undefined, isPublic, isEvent: false, schedules: undefined }];
  });
  const closedOf = (name: string, visibility: Visibility | undefined): Callable['closed'] => {
    if (scheduled.has(name)) return 'scheduled';
    return visibility?.Private === undefined ? '' : 'private';
  };
  const reducers = schema.reducers.map(({ name, params, lifecycle }, at): Callable => {
    const [hook] = Object.keys(lifecycle.some ?? {});
    const closed = hook === undefined ? closedOf(name, extra.reducers[at]?.visibility) : lifecycleWord(hook);
    return { name, kind: 'reducer', params: types.fields(params.elements), returns: undefined, closed };
  });
  const exported = schema.misc_exports.flatMap((entry) => (entry.Procedure === undefined ? [] : [entry.Procedure]));
  const procedures = exported.map(({ name, params, return_type: returned }, at): Callable => {
    const closed = closedOf(name, extra.procedures[at]?.visibility);
    return { name, kind: 'procedure', params: types.fields(params.elements), returns: types.read(returned), closed };
  });
  return {
    relations: [...tables, ...views],
    callables: [...reducers, ...procedures],
    typeNames: new Map(schema.types.map(({ name, ty }) => [types.at(ty), name.name])),
  };
}

function lifecycleWord(hook: string): Callable['closed'] {
  return hook === 'Init' ? 'init' : hook === 'OnConnect' ? 'connect' : 'disconnect';
}

/** A module's own first, then those of its submodules, depth first: the order in which version 9 lists them. */
function flatten({ sections }: Schema10): Flat {
  const below = sections.flatMap(({ Submodules = [] }) => Submodules).map(({ module }) => flatten(module));
  return {
    tables: [...sections.flatMap(({ Tables = [] }) => Tables), ...below.flatMap(({ tables }) => tables)],
    reducers: [...sections.flatMap(({ Reducers = [] }) => Reducers), ...below.flatMap(({ reducers }) => reducers)],
    procedures: [
      ...sections.flatMap(({ Procedures = [] }) => Procedures),
      ...below.flatMap(({ procedures }) => procedures),
    ],
  };
}

interface Flat {
  readonly tables: readonly { readonly is_event: boolean }[];
  readonly reducers: readonly { readonly visibility: Visibility }[];
  readonly procedures: readonly { readonly visibility: Visibility }[];
}

/** A name as SQL reads it whatever characters it has; a submodule's table is `"auth"."token"`. */
export function quoted(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}
