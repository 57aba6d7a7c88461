import { bsatnOfJson } from '../bsatn/satsjson-read.ts';
import { bytesType, connectionIdType, identityType, unitType } from '../bsatn/special.ts';
import type { Field, ProductType, Type } from '../bsatn/type.ts';
import { typeBytes } from '../bsatn/type-bytes.ts';
import type { IndexId, TableDef, TableId } from '../store/definition.ts';
import type { CatalogTable } from './catalog.ts';
import type { ModuleDef, ModuleIndex } from './definition.ts';

/** A table that the host fills: its owner may query it, and nobody may write it. */
export interface SystemTable {
  readonly table: CatalogTable;
  /** Makes its rows, which are the same for as long as the module stays; undefined when they are stored. */
  readonly rows: (() => readonly Uint8Array[]) | undefined;
}

const u16: Type = { kind: 'u16' };
const u32: Type = { kind: 'u32' };
const i128: Type = { kind: 'i128' };
const bool: Type = { kind: 'bool' };
const string: Type = { kind: 'string' };
const columns: Type = { kind: 'array', of: u16 };
const algorithm: Type = sum({ BTree: columns, Direct: u16, Hash: columns });
const constraint: Type = sum({ Unset: unitType, Unique: columns });

/** Who is connected: what is left here after a crash still gets its disconnect hook. */
export const clientTable: TableDef = {
  ...stored(1, 'st_client', { identity: identityType, connection_id: connectionIdType }),
  primaryKey: 1,
  indexes: [{ id: 1 as IndexId, name: 'st_client_key', algorithm: 'hash', columns: [1], isUnique: true }],
};

/** Derived tables are not stored: their numbers are those that no stored table has. */
const firstDerivedId = 0x7fff_0000;
const firstViewId = 4096;

const i128Max = (1n << 127n) - 1n;

/** Columns may count further than the table of sequences can say: then its own bounds stand there. */
function inI128(value: bigint): bigint {
  return value > i128Max ? i128Max : value < -i128Max - 1n ? -i128Max - 1n : value;
}

/** The definition of a module as tables, and who is connected to it. */
export function systemTables(def: ModuleDef, tables: readonly CatalogTable[]): readonly SystemTable[] {
  const derived: SystemTable[] = [];
  const add = (name: string, row: Readonly<Record<string, Type>>, values: () => readonly (readonly unknown[])[]) => {
    const table = stored(firstDerivedId + derived.length, name, row);
    derived.push({ table: declare(table), rows: () => values().map((value) => bsatnOfJson(table.row, value, name)) });
  };
  add(
    'st_table',
    { table_id: u32, table_name: string, table_type: string, table_access: string, table_primary_key: option(columns) },
    () =>
      tables.map(({ declared, stored: { id } }) => [
        ...[id, declared.name, 'user', declared.isPublic ? 'public' : 'private'],
        declared.primaryKey === undefined ? null : [declared.primaryKey],
      ]),
  );
  add('st_column', { table_id: u32, col_pos: u16, col_name: string, col_type: bytesType }, () =>
    tables.flatMap(({ stored: { id, row } }) => columnsOf(row).map((column) => [id, ...column])),
  );
  add('st_index', { index_id: u32, table_id: u32, index_name: string, index_algorithm: algorithm }, () =>
    tables.flatMap(({ declared, stored: { id, indexes } }) =>
      declared.indexes.map((index, i) => [indexes[i]?.id, id, index.name, algorithmOf(index)]),
    ),
  );
  add(
    'st_constraint',
    { constraint_id: u32, constraint_name: string, table_id: u32, constraint_data: constraint },
    () =>
      tables
        .flatMap(({ declared, stored: { id } }) => declared.uniques.map((unique) => ({ id, ...unique })))
        .map(({ id, name, columns: unique }, i) => [firstViewId + i, name, id, { Unique: unique }]),
  );
  add(
    'st_sequence',
    {
      ...{ sequence_id: u32, sequence_name: string, table_id: u32, col_pos: u16 },
      ...{ increment: i128, start: i128, min_value: i128, max_value: i128 },
    },
    () =>
      tables
        .flatMap(({ declared, stored: { id } }) => declared.sequences.map((sequence) => ({ id, ...sequence })))
        .map(({ id, name, column, increment, start, min, max }, i) => [
          ...[firstViewId + i, name, id, column],
          ...[increment, start, min, max].map((value) => String(inI128(value))),
        ]),
  );
  add(
    'st_scheduled',
    { schedule_id: u32, table_id: u32, reducer_name: string, schedule_name: string, at_column: u16 },
    () =>
      tables.flatMap(({ declared: { schedule }, stored: { id } }, i) => {
        if (!schedule) return [];
        const { kind, id: fn } = schedule.function;
        const target = (kind === 'reducer' ? def.reducers : def.procedures)[fn];
        return [[firstViewId + i, id, target?.name, schedule.name, schedule.column]];
      }),
  );
  add('st_view', { view_id: u32, view_name: string, table_id: option(u32), is_public: bool, is_anonymous: bool }, () =>
    def.views.map(({ name, isPublic, isAnonymous }, i) => [firstViewId + i, name, null, isPublic, isAnonymous]),
  );
  add('st_view_column', { view_id: u32, col_pos: u16, col_name: string, col_type: bytesType }, () =>
    def.views.flatMap(({ row }, i) => columnsOf(row).map((column) => [firstViewId + i, ...column])),
  );
  add('st_row_level_security', { sql: string }, () => def.rowLevelSecurity.map((sql) => [sql]));
  return [{ table: declare(clientTable), rows: undefined }, ...derived];
}

function columnsOf({ fields }: ProductType): readonly (readonly unknown[])[] {
  return fields.map(({ name, type }, position) => [position, name, Buffer.from(typeBytes(type)).toString('hex')]);
}

function algorithmOf({ algorithm: kind, columns: indexed }: ModuleIndex): unknown {
  if (kind === 'direct') return { Direct: indexed[0] };
  return kind === 'hash' ? { Hash: indexed } : { BTree: indexed };
}

function stored(id: number, name: string, columnTypes: Readonly<Record<string, Type>>): TableDef {
  return {
    id: id as TableId,
    name,
    row: { kind: 'product', fields: fieldsOf(columnTypes) },
    primaryKey: undefined,
    indexes: [],
    sequences: [],
    isEvent: false,
  };
}

function declare(table: TableDef): CatalogTable {
  const { name, row, primaryKey, isEvent } = table;
  return {
    stored: table,
    declared: {
      ...{ name, sourceName: name, namespace: '', row, rowTypeName: undefined, primaryKey, isEvent },
      ...{ indexes: [], uniques: [], sequences: [], defaults: [], isPublic: false, schedule: undefined },
    },
  };
}

function option(type: Type): Type {
  return sum({ some: type, none: unitType });
}

function sum(variants: Readonly<Record<string, Type>>): Type {
  return { kind: 'sum', variants: fieldsOf(variants) };
}

function fieldsOf(types: Readonly<Record<string, Type>>): Field[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}
