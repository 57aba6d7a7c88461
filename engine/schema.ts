import type { Field, ScalarKind, Type } from './bsatn/type.ts';
import { scalarTags } from './bsatn/type-json.ts';
import type { Lifecycle, ModuleDef, ModuleIndex, ModuleTable } from './module/definition.ts';
import type { JsonText } from './serve/contract.ts';

const lifecycles: Readonly<Record<Lifecycle, string>> = {
  init: 'Init',
  connect: 'OnConnect',
  disconnect: 'OnDisconnect',
};

/** A definition as the ninth version of RawModuleDef, in SATS-JSON: canonical names, and what later versions added left out. */
export function schemaVersion9(def: ModuleDef): JsonText {
  const space = new Typespace(def);
  const params = (fields: readonly Field[]) => ({ elements: fields.map((field) => space.element(field)) });
  const functions = {
    reducers: def.reducers.map(({ name, params: fields, lifecycle }) => {
      const hook = lifecycle && { [lifecycles[lifecycle]]: [] };
      return { name, params: params(fields), lifecycle: option(hook) };
    }),
    procedures: def.procedures.map(({ name, params: fields, returns }) => ({
      Procedure: { name, params: params(fields), return_type: space.use(returns) },
    })),
    views: def.views.map((view) => ({
      View: {
        name: view.name,
        index: view.hookId,
        is_public: view.isPublic,
        is_anonymous: view.isAnonymous,
        params: { elements: [] },
        return_type: { Array: space.use(view.row) },
      },
    })),
  };
  const tables = def.tables.map((table) => tableOf(table, space.refOf(table.row), def));
  const defaults = def.tables.flatMap(({ name, defaults }) =>
    defaults.map(({ column, value }) => ({
      ColumnDefaultValue: { table: name, col_id: column, value: Buffer.from(value).toString('hex') },
    })),
  );
  return JSON.stringify({
    typespace: { types: space.definitions() },
    tables,
    reducers: functions.reducers,
    types: def.types.map(({ name }, ref) => ({ name: { scope: [], name }, ty: ref, custom_ordering: true })),
    misc_exports: [...defaults, ...functions.procedures, ...functions.views],
    row_level_security: def.rowLevelSecurity.map((sql) => ({ sql })),
  });
}

function tableOf(table: ModuleTable, ref: number, def: ModuleDef): unknown {
  const { schedule } = table;
  const fn = schedule && (schedule.function.kind === 'reducer' ? def.reducers : def.procedures)[schedule.function.id];
  return {
    name: table.name,
    product_type_ref: ref,
    primary_key: table.primaryKey === undefined ? [] : [table.primaryKey],
    indexes: table.indexes.map((index) => ({
      name: option(index.name),
      accessor_name: option(index.accessor),
      algorithm: algorithmOf(index),
    })),
    constraints: table.uniques.map(({ name, columns }) => ({ name: option(name), data: { Unique: { columns } } })),
    sequences: table.sequences.map(({ name, column, start, increment }) => ({
      name: option(name),
      column,
      start: option(safe(start)),
      min_value: option(undefined),
      max_value: option(undefined),
      increment: Number(increment),
    })),
    schedule: option(
      schedule && { name: option(schedule.name), reducer_name: fn?.name ?? '', scheduled_at_column: schedule.column },
    ),
    table_type: { User: [] },
    table_access: { [table.isPublic ? 'Public' : 'Private']: [] },
  };
}

function algorithmOf({ algorithm, columns }: ModuleIndex): unknown {
  if (algorithm === 'direct') return { Direct: columns[0] };
  return { [algorithm === 'btree' ? 'BTree' : 'Hash']: columns };
}

/** Types with a name are written once and referred to by number; so are rows. */
class Typespace {
  readonly #types: Type[];
  readonly #refs = new Map<Type, number>();

  constructor(def: ModuleDef) {
    this.#types = def.types.map(({ type }) => type);
    for (const [ref, type] of this.#types.entries()) if (!this.#refs.has(type)) this.#refs.set(type, ref);
    for (const { row } of def.tables) this.refOf(row);
  }

  refOf(type: Type): number {
    const known = this.#refs.get(type);
    if (known !== undefined) return known;
    this.#refs.set(type, this.#types.length);
    return this.#types.push(type) - 1;
  }

  definitions(): unknown[] {
    return this.#types.map((type) => this.#define(type));
  }

  use(type: Type): unknown {
    const ref = this.#refs.get(type);
    return ref === undefined ? this.#define(type) : { Ref: ref };
  }

  element({ name, type }: Field): unknown {
    return { name: option(name), algebraic_type: this.use(type) };
  }

  #define(type: Type): unknown {
    switch (type.kind) {
      case 'product':
        return { Product: { elements: type.fields.map((field) => this.element(field)) } };
      case 'sum':
        return { Sum: { variants: type.variants.map((variant) => this.element(variant)) } };
      case 'array':
        return { Array: this.use(type.of) };
      default:
        return { [scalarTags[type.kind satisfies ScalarKind]]: [] };
    }
  }
}

function option(value: unknown): unknown {
  return value === undefined ? { none: [] } : { some: value };
}

/** JSON has no larger integers that everybody reads exactly. */
function safe(value: bigint): number | undefined {
  return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
}
