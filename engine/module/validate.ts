import { layoutOf } from '../bsatn/layout.ts';
import { isScheduleAt } from '../bsatn/special.ts';
import type { ProductType } from '../bsatn/type.ts';
import { Rejection } from '../errors.ts';
import type { ModuleDef, ModuleTable, Named } from './definition.ts';
import { identifierProblem } from './names.ts';
import { sameColumns } from './table.ts';
import { integerRange, isDirectKey, isEndless } from './types.ts';

const namespaceCharsMax = 63;

/** Everything that keeps a described module from being published, each as one sentence for the publisher. */
export function validate(def: ModuleDef): string[] {
  return [
    ...names(def),
    ...def.submodules.flatMap(namespaceProblems),
    ...def.types.filter(({ type }) => isEndless(type)).map(({ name }) => `type \`${name}\`: it contains itself`),
    ...def.tables.flatMap((table) => tableProblems(table).map((problem) => `table \`${table.name}\`: ${problem}`)),
    ...def.tables.flatMap((table) =>
      scheduleProblems(table, def).map((problem) => `table \`${table.name}\`: ${problem}`),
    ),
    ...functionProblems(def),
    ...routeProblems(def),
  ];
}

function names(def: ModuleDef): string[] {
  const problems: string[] = [];
  const check = (what: string, name: string): void => {
    const problem = identifierProblem(name);
    if (problem !== undefined) problems.push(`${what} \`${name}\`: this is not a valid name: ${problem}`);
  };
  const functions = [...def.reducers, ...def.procedures, ...def.views];
  for (const table of def.tables) {
    check('table', localName(table));
    for (const field of table.row.fields) check(`table \`${table.name}\`, column`, field.name);
    if (localName(table).startsWith('st_')) {
      problems.push(`table \`${table.name}\`: names that start with \`st_\` belong to system tables`);
    }
  }
  for (const fn of functions) check('function', localName(fn));
  for (const { name } of def.types) check('type', name);
  for (const handler of def.httpHandlers) check('HTTP handler', handler);
  problems.push(
    ...duplicates(
      'reducer, procedure or view',
      functions.map(({ name }) => name),
    ),
    ...duplicates(
      'table or view',
      [...def.tables, ...def.views].map(({ name }) => name),
    ),
    ...duplicates('HTTP handler', def.httpHandlers),
    ...duplicates(
      'index',
      def.tables.flatMap((table) => table.indexes.map(({ name }) => name)),
    ),
    ...duplicates('submodule', def.submodules),
    ...def.tables.flatMap((table) =>
      duplicates(
        `column of table \`${table.name}\``,
        table.row.fields.map(({ name }) => name),
      ),
    ),
  );
  return problems;
}

const localName = (named: Named): string =>
  named.namespace === '' ? named.name : named.name.slice(named.namespace.length + 1);

function duplicates(what: string, list: readonly string[]): string[] {
  const twice = new Set(list.filter((name, place) => list.indexOf(name) !== place));
  return [...twice].map((name) => `more than one ${what} is named \`${name}\``);
}

function namespaceProblems(path: string): string[] {
  const name = path.slice(path.lastIndexOf('.') + 1);
  const problem = identifierProblem(name);
  if (problem !== undefined) return [`submodule \`${path}\`: this is not a valid name: ${problem}`];
  if (path.length <= namespaceCharsMax) return [];
  return [`submodule \`${path}\`: a namespace has at most ${namespaceCharsMax} characters, this one ${path.length}`];
}

function tableProblems(table: ModuleTable): string[] {
  const problems: string[] = [];
  const { fields } = table.row;
  const list = (columns: readonly number[]): string =>
    columns.map((column) => `\`${fields[column]?.name}\``).join(', ');
  if (isEndless(table.row)) return ['its row contains itself'];
  for (const { columns } of table.uniques) {
    if (!table.indexes.some((index) => sameColumns(index.columns, columns))) {
      problems.push(`${list(columns)} is declared unique, which needs an index on just these columns`);
    }
  }
  const { primaryKey } = table;
  if (primaryKey !== undefined && !table.uniques.some(({ columns }) => sameColumns(columns, [primaryKey]))) {
    problems.push(`its primary key ${list([primaryKey])} must also be unique`);
  }
  for (const { name, algorithm, columns } of table.indexes) {
    if (columns.length === 0) problems.push(`index \`${name}\` has no columns`);
    if (new Set(columns).size < columns.length) problems.push(`index \`${name}\` names a column twice`);
    const type = fields[columns[0] ?? 0]?.type;
    if (algorithm === 'direct' && type !== undefined && !isDirectKey(type)) {
      problems.push(
        `the direct index on ${list(columns)} needs an unsigned integer of at most 64 bits or an enum without payloads`,
      );
    }
  }
  problems.push(...sequenceProblems(table));
  for (const { column, value } of table.defaults) {
    const field = fields[column];
    if (field === undefined) continue;
    const problem = decodeProblem({ kind: 'product', fields: [field] }, value);
    if (problem !== undefined)
      problems.push(`the default of column \`${field.name}\` is not a value of it: ${problem}`);
  }
  return problems;
}

function sequenceProblems(table: ModuleTable): string[] {
  const problems: string[] = [];
  const { fields } = table.row;
  const columns = table.sequences.map((sequence) => sequence.column);
  for (const column of new Set(columns.filter((column, place) => columns.indexOf(column) !== place))) {
    problems.push(`column \`${fields[column]?.name}\` has more than one sequence`);
  }
  for (const { column, start, min, max, increment } of table.sequences) {
    const field = fields[column];
    const range = field === undefined ? undefined : integerRange(field.type);
    if (field === undefined || range === undefined) {
      problems.push(`column \`${field?.name}\` has a sequence, but only an integer can count`);
    } else if (increment === 0n) {
      problems.push(`the sequence of column \`${field.name}\` must not have the increment 0`);
    } else if (min < range.min || max > range.max || min > max || start < min || start > max) {
      problems.push(
        `the sequence of column \`${field.name}\` goes from ${start} within ${min} to ${max}, but must stay within ` +
          `${range.min} to ${range.max}`,
      );
    }
  }
  return problems;
}

function decodeProblem(type: ProductType, bytes: Uint8Array): string | undefined {
  try {
    layoutOf(type).check(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof Rejection) return error.message;
    throw error;
  }
}

function scheduleProblems(table: ModuleTable, def: ModuleDef): string[] {
  if (table.schedule === undefined) return [];
  const problems: string[] = [];
  const { fields } = table.row;
  const key = table.primaryKey === undefined ? undefined : fields[table.primaryKey];
  if (key?.type.kind !== 'u64') problems.push('a scheduled table needs a primary key of type u64');
  const at = fields[table.schedule.column];
  if (at === undefined || !isScheduleAt(at.type)) problems.push('a scheduled table needs a column of type ScheduleAt');
  const { kind, id } = table.schedule.function;
  const fn = (kind === 'reducer' ? def.reducers : def.procedures)[id];
  const [param] = fn?.params ?? [];
  if (fn === undefined || fn.params.length !== 1 || param?.type !== table.row) {
    problems.push(`its scheduled ${kind} \`${fn?.name}\` must take just one parameter, the row of this table`);
  }
  return problems;
}

function functionProblems(def: ModuleDef): string[] {
  const problems: string[] = [];
  for (const fn of [...def.reducers, ...def.procedures]) {
    problems.push(
      ...duplicates(
        `parameter of \`${fn.name}\``,
        fn.params.map(({ name }) => name),
      ),
    );
  }
  for (const { name, lifecycle, params } of def.reducers) {
    if (lifecycle !== undefined && params.length > 0) {
      problems.push(`reducer \`${name}\`: a lifecycle reducer (${lifecycle}) takes no parameters`);
    }
  }
  for (const { name, primaryKey, row } of def.views) {
    if (primaryKey.some((column) => column < 0 || column >= row.fields.length)) {
      problems.push(`view \`${name}\`: its primary key names a column that its rows do not have`);
    }
    if (isEndless(row)) problems.push(`view \`${name}\`: its row contains itself`);
  }
  return problems;
}

function routeProblems(def: ModuleDef): string[] {
  const problems: string[] = [];
  for (const [place, { method, path }] of def.httpRoutes.entries()) {
    if (path !== '' && !/^\/[a-z0-9\-_~/]*$/.test(path)) {
      problems.push(
        `HTTP route ${method} \`${path}\`: a path starts with \`/\` and has lower-case letters, digits and \`-_~/\` only`,
      );
    }
    const sameMethod = (other: string): boolean => other === method || other === 'ANY' || method === 'ANY';
    if (def.httpRoutes.slice(0, place).some((other) => other.path === path && sameMethod(other.method))) {
      problems.push(`HTTP route ${method} \`${path}\`: another route has the same method and path`);
    }
  }
  return problems;
}
