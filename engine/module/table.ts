import type { ProductType } from '../bsatn/type.ts';
import type { ModuleIndex, ModuleSequence, ModuleTable } from './definition.ts';
import type { RawIndex, RawSequence, RawTable } from './raw.ts';
import type { Scope } from './scope.ts';
import { integerRange } from './types.ts';

/** Describes one table; its schedule is attached later, when the functions are known. */
export function describeTable(raw: RawTable, scope: Scope, problems: string[]): ModuleTable | undefined {
  const names = scope.name('table', raw.name);
  const row = scope.types.ref(raw.rowRef);
  if (row.kind !== 'product') {
    problems.push(`table \`${names.name}\`: its row must be a product type, but is ${row.kind}`);
    return undefined;
  }
  const used = [...raw.primaryKey, ...raw.indexes.flatMap((index) => index.columns)]
    .concat(raw.uniques.flatMap((unique) => unique.columns))
    .concat(raw.sequences.map((sequence) => sequence.column))
    .concat(raw.defaults.map((value) => value.column));
  const outside = used.find((column) => column >= row.fields.length);
  if (outside !== undefined) {
    problems.push(`table \`${names.name}\`: column ${outside} is used, but there are ${row.fields.length} columns`);
    return undefined;
  }
  if (raw.primaryKey.length > 1) {
    problems.push(`table \`${names.name}\`: more than one column is the primary key; mark one only`);
  }
  const table = scope.localName('table', raw.name);
  return {
    ...names,
    row,
    columnSourceNames: scope.types.sourceNames(raw.rowRef),
    rowTypeName: scope.typeName(raw.rowRef),
    primaryKey: raw.primaryKey[0],
    indexes: describeIndexes(raw, row, table, scope),
    uniques: raw.uniques.map(({ name, columns }) => ({
      name: scope.qualify(name ?? `${table}_${columnNames(row, columns)}_key`),
      columns,
    })),
    sequences: raw.sequences.map((sequence) => describeSequence(sequence, row, table, scope)),
    defaults: raw.defaults,
    isPublic: raw.isPublic,
    isEvent: raw.isEvent,
    schedule: undefined,
  };
}

/** The same index declared twice, on the column and on the table, is one index. */
function describeIndexes(raw: RawTable, row: ProductType, table: string, scope: Scope): ModuleIndex[] {
  const byName = new Map<string, ModuleIndex>();
  for (const index of raw.indexes) {
    const described = describeIndex(index, raw, row, table, scope);
    const known = byName.get(described.name);
    if (known === undefined || !sameColumns(known.columns, described.columns)) byName.set(described.name, described);
  }
  return [...byName.values()];
}

function describeIndex(index: RawIndex, raw: RawTable, row: ProductType, table: string, scope: Scope): ModuleIndex {
  const explicit = index.name === undefined ? undefined : scope.explicitName('index', index.name);
  return {
    name: scope.qualify(explicit ?? `${table}_${columnNames(row, index.columns)}_idx_${index.algorithm}`),
    sourceName: index.name === undefined ? undefined : scope.qualify(index.name),
    accessor: index.accessor,
    algorithm: index.algorithm,
    columns: index.columns,
    isUnique: raw.uniques.some((unique) => sameColumns(unique.columns, index.columns)),
  };
}

function describeSequence(raw: RawSequence, row: ProductType, table: string, scope: Scope): ModuleSequence {
  const type = row.fields[raw.column]?.type;
  const range = type === undefined ? undefined : integerRange(type);
  return {
    name: scope.qualify(raw.name ?? `${table}_${columnNames(row, [raw.column])}_seq`),
    column: raw.column,
    start: raw.start ?? 1n,
    min: raw.min ?? range?.min ?? 1n,
    max: raw.max ?? range?.max ?? 1n,
    increment: raw.increment,
  };
}

function columnNames(row: ProductType, columns: readonly number[]): string {
  return columns.map((column) => row.fields[column]?.name).join('_');
}

/** Whether two lists name the same set of columns. */
export function sameColumns(a: readonly number[], b: readonly number[]): boolean {
  const columns = new Set(a);
  return columns.size === new Set(b).size && b.every((column) => columns.has(column));
}
