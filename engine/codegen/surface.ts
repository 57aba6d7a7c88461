import type { Field, ProductType, Type } from '../bsatn/type.ts';
import { Rejection } from '../errors.ts';
import type { ModuleDef, ModuleIndex, ModuleUnique, Named, NamedType } from '../module/definition.ts';
import { camelCase, pascalCase, snakeCase } from '../module/names.ts';
import { byName } from './text.ts';

/** A table or a view as a client sees it. */
export interface Relation {
  /** The name on the wire. */
  readonly name: string;
  readonly namespace: string;
  /** Its key in `tables` and in `connection.db`; a submodule's starts with the namespace and a dot. */
  readonly accessor: string;
  readonly pascal: string;
  readonly file: string;
  readonly row: ProductType;
  readonly rowTypeName: string | undefined;
  readonly primaryKey: readonly number[];
  readonly indexes: readonly ModuleIndex[];
  readonly uniques: readonly ModuleUnique[];
  readonly isEvent: boolean;
}

/** A reducer or a procedure that a client may call. */
export interface Callable {
  readonly name: string;
  readonly namespace: string;
  readonly pascal: string;
  readonly file: string;
  readonly params: readonly Field[];
}

export interface Procedure extends Callable {
  readonly returns: Type;
}

/** All of a module that its clients can see, each list in the order of its names. */
export interface Surface {
  readonly tables: readonly Relation[];
  readonly views: readonly Relation[];
  readonly reducers: readonly Callable[];
  readonly procedures: readonly Procedure[];
  /** The named types that the rest mentions, directly or not. */
  readonly types: readonly NamedType[];
}

/** @throws Rejection `name-collision` when two names of the module become one in TypeScript. */
export function surfaceOf(def: ModuleDef): Surface {
  const tables = def.tables
    .filter((table) => table.isPublic)
    .map((table) => ({
      ...names(table, 'table', localName(table.sourceName, table.namespace)),
      row: table.row,
      rowTypeName: table.rowTypeName,
      primaryKey: table.primaryKey === undefined ? [] : [table.primaryKey],
      indexes: table.indexes.filter((index) => index.accessor !== undefined),
      uniques: table.uniques,
      isEvent: table.isEvent,
    }));
  const views = def.views
    .filter((view) => view.isPublic)
    .map((view) => ({
      ...names(view, 'table', localName(view.sourceName, view.namespace)),
      row: view.row,
      rowTypeName: view.rowTypeName,
      primaryKey: view.primaryKey,
      indexes: [],
      uniques: [],
      isEvent: false,
    }));
  const reducers = def.reducers
    .filter((reducer) => reducer.isCallable)
    .map((reducer) => ({ ...names(reducer, 'reducer'), params: reducer.params }));
  const procedures = def.procedures
    .filter((procedure) => procedure.isCallable)
    .map((procedure) => ({ ...names(procedure, 'procedure'), params: procedure.params, returns: procedure.returns }));
  const parts = { tables, views, reducers, procedures };
  for (const group of [[...tables, ...views], reducers, procedures]) refuseCollisions(group);
  return {
    tables: tables.sort(byAccessor),
    views: views.sort(byAccessor),
    reducers: reducers.sort(byAccessor),
    procedures: procedures.sort(byAccessor),
    types: reachableTypes(def, parts),
  };
}

interface Names {
  readonly name: string;
  readonly namespace: string;
  readonly accessor: string;
  readonly pascal: string;
  readonly file: string;
}

function names(named: Named, kind: string, local = localName(named.name, named.namespace)): Names {
  const folder = folderOf(named.namespace);
  const prefix = named.namespace === '' ? '' : `${named.namespace}.`;
  return {
    name: named.name,
    namespace: named.namespace,
    accessor: prefix + camelCase(local),
    pascal: pascalCase(prefix.replaceAll('.', '_') + local),
    file: `${folder}${snakeCase(local)}_${kind}`,
  };
}

/** Where a namespace's files are: `auth/tokens/` for `auth.tokens`, nothing for the module itself. */
export function folderOf(namespace: string): string {
  return namespace === '' ? '' : `${namespace.replaceAll('.', '/')}/`;
}

function localName(name: string, namespace: string): string {
  return namespace === '' ? name : name.slice(namespace.length + 1);
}

function byAccessor(a: Names, b: Names): number {
  return byName(a.accessor, b.accessor);
}

function refuseCollisions(group: readonly Names[]): void {
  const seen = new Map<string, Names>();
  for (const entry of group) {
    const other = seen.get(entry.pascal);
    if (other !== undefined) {
      throw new Rejection(
        'name-collision',
        `The names ${other.name} and ${entry.name} both become ${entry.accessor} in TypeScript: rename one of them`,
      );
    }
    seen.set(entry.pascal, entry);
  }
}

/** Named types in the order of their names that a client can meet; what only private tables use stays unknown to it. */
function reachableTypes(def: ModuleDef, parts: Omit<Surface, 'types'>): NamedType[] {
  const reached = new Set<Type>();
  const visit = (type: Type): void => {
    if (reached.has(type)) return;
    reached.add(type);
    if (type.kind === 'array') visit(type.of);
    else if (type.kind === 'product') for (const field of type.fields) visit(field.type);
    else if (type.kind === 'sum') for (const variant of type.variants) visit(variant.type);
  };
  const rowNames = new Set<string>();
  for (const relation of [...parts.tables, ...parts.views]) {
    visit(relation.row);
    rowNames.add(`${relation.namespace}.${relation.rowTypeName}`);
  }
  for (const named of def.types) if (rowNames.has(`${named.namespace}.${named.name}`)) visit(named.type);
  for (const { params } of [...parts.reducers, ...parts.procedures]) for (const param of params) visit(param.type);
  for (const { returns } of parts.procedures) visit(returns);
  return def.types.filter((named) => reached.has(named.type)).sort((a, b) => byName(a.name, b.name));
}
