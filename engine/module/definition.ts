import type { Field, ProductType, Type } from '../bsatn/type.ts';

/**
 * A module's definition after canonical naming and validation, flattened: everything of a submodule is listed with its
 * names prefixed `namespace.`; positions in `reducers`, `procedures`, `views` follow the ids that the hooks take.
 */
export interface ModuleDef {
  readonly tables: readonly ModuleTable[];
  readonly reducers: readonly ReducerDef[];
  readonly procedures: readonly ProcedureDef[];
  readonly views: readonly ViewDef[];
  /** Named types of the module in the order of their names, for code generation. */
  readonly types: readonly NamedType[];
  readonly rowLevelSecurity: readonly string[];
  readonly httpHandlers: readonly string[];
  readonly httpRoutes: readonly HttpRouteDef[];
  readonly submodules: readonly string[];
}

/** Every named thing has the canonical name, used on the wire, and the source name, which stays an alias. */
export interface Named {
  readonly name: string;
  readonly sourceName: string;
  /** `''` for the module itself, else the submodule's path such as `auth` or `auth.tokens`. */
  readonly namespace: string;
}

export interface ModuleTable extends Named {
  readonly row: ProductType;
  /** The columns' names in the module's source, aliases in SQL: a query-builder view names columns by them. */
  readonly columnSourceNames?: readonly string[];
  readonly rowTypeName: string | undefined;
  readonly primaryKey: number | undefined;
  readonly indexes: readonly ModuleIndex[];
  /** Column sets declared unique. */
  readonly uniques: readonly ModuleUnique[];
  readonly sequences: readonly ModuleSequence[];
  readonly defaults: readonly { readonly column: number; readonly value: Uint8Array }[];
  readonly isPublic: boolean;
  readonly isEvent: boolean;
  readonly schedule: ScheduleDef | undefined;
}

export interface ModuleIndex {
  readonly name: string;
  readonly sourceName: string | undefined;
  readonly accessor: string | undefined;
  readonly algorithm: 'btree' | 'hash' | 'direct';
  readonly columns: readonly number[];
  readonly isUnique: boolean;
}

export interface ModuleUnique {
  readonly name: string;
  readonly columns: readonly number[];
}

export interface ModuleSequence {
  readonly name: string;
  readonly column: number;
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly increment: bigint;
}

export interface ScheduleDef {
  readonly name: string;
  /** The column that holds the ScheduleAt. */
  readonly column: number;
  readonly function: { readonly kind: 'reducer' | 'procedure'; readonly id: number };
}

export type Lifecycle = 'init' | 'connect' | 'disconnect';

export interface ReducerDef extends Named {
  readonly id: number;
  readonly params: readonly Field[];
  readonly lifecycle: Lifecycle | undefined;
  /** False for lifecycle, scheduled and private reducers. */
  readonly isCallable: boolean;
}

export interface ProcedureDef extends Named {
  readonly id: number;
  readonly params: readonly Field[];
  readonly returns: Type;
  readonly isCallable: boolean;
}

export interface ViewDef extends Named {
  /** The number that the hook takes; sender views and anonymous views are numbered separately. */
  readonly hookId: number;
  readonly isAnonymous: boolean;
  readonly isPublic: boolean;
  readonly row: ProductType;
  readonly columnSourceNames?: readonly string[];
  readonly rowTypeName: string | undefined;
  /** Columns of the primary key, when the view declares one. */
  readonly primaryKey: readonly number[];
}

export interface NamedType {
  /** PascalCase, scopes concatenated. */
  readonly name: string;
  readonly namespace: string;
  readonly type: Type;
}

export interface HttpRouteDef {
  readonly handler: number;
  /** Upper-case HTTP method, or `ANY`. */
  readonly method: string;
  readonly path: string;
}
