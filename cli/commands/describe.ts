import pc from 'picocolors';
import type { ModuleDef, ModuleTable } from '../../engine/module/definition.ts';
import { paramsText, typeText } from '../../engine/module/type-text.ts';
import { type DatabaseOptions, findTarget, readDefinition } from '../lib/database.ts';

export interface DescribeOptions extends DatabaseOptions {
  readonly json?: boolean;
}

/** Prints what a database has: tables, columns, indexes, views, reducers, procedures. */
export async function describe(options: DescribeOptions): Promise<void> {
  const target = await findTarget(options);
  const { text, def } = await readDefinition(target);
  console.log(options.json ? text : describeText(target.database, def));
}

function describeText(database: string, def: ModuleDef): string {
  const lines = [`${pc.bold(database)} at a glance: ${counts(def)}`];
  for (const table of def.tables) lines.push('', ...tableLines(table, def));
  for (const view of def.views) {
    const scope = view.isAnonymous ? 'view for everybody' : 'view of the caller';
    lines.push('', `${pc.bold(view.name)}  ${pc.dim(scope)}`, ...columnLines(view.row.fields.map(columnOf(def)), []));
  }
  const reducers = def.reducers.map((one) => {
    const note =
      one.lifecycle === undefined ? (one.isCallable ? '' : 'not callable by clients') : `on ${one.lifecycle}`;
    return `  ${one.name}(${paramsText(one.params, def.types)})${note === '' ? '' : `  ${pc.dim(note)}`}`;
  });
  if (reducers.length > 0) lines.push('', pc.bold('reducers'), ...reducers);
  const procedures = def.procedures.map(
    (one) => `  ${one.name}(${paramsText(one.params, def.types)}): ${typeText(one.returns, def.types)}`,
  );
  if (procedures.length > 0) lines.push('', pc.bold('procedures'), ...procedures);
  return lines.join('\n');
}

function counts({ tables, views, reducers, procedures }: ModuleDef): string {
  const parts = Object.entries({ tables, views, reducers, procedures });
  return parts.map(([word, list]) => `${list.length} ${list.length === 1 ? word.slice(0, -1) : word}`).join(', ');
}

interface ColumnText {
  readonly name: string;
  readonly type: string;
}

function columnOf(def: ModuleDef): (field: ModuleTable['row']['fields'][number]) => ColumnText {
  return ({ name, type }) => ({ name, type: typeText(type, def.types) });
}

function tableLines(table: ModuleTable, def: ModuleDef): string[] {
  const kind = `${table.isPublic ? 'public' : 'private'} ${table.isEvent ? 'event table' : 'table'}`;
  const marks = table.row.fields.map((_, column) => {
    const words: string[] = [];
    if (table.primaryKey === column) words.push('primary key');
    else if (table.uniques.some(({ columns }) => columns.length === 1 && columns[0] === column)) words.push('unique');
    if (table.sequences.some((sequence) => sequence.column === column)) words.push('counts up');
    if (table.schedule?.column === column) words.push('schedule');
    return words.join(', ');
  });
  const indexes = table.indexes.map((index) => {
    const columns = index.columns.map((column) => table.row.fields[column]?.name ?? `#${column}`).join(', ');
    return `  ${pc.dim(`index ${index.name} (${columns}) ${index.algorithm}${index.isUnique ? ', unique' : ''}`)}`;
  });
  const columns = columnLines(table.row.fields.map(columnOf(def)), marks);
  return [`${pc.bold(table.name)}  ${pc.dim(kind)}`, ...columns, ...indexes];
}

function columnLines(columns: readonly ColumnText[], marks: readonly string[]): string[] {
  const nameWidth = Math.max(0, ...columns.map(({ name }) => name.length));
  const typeWidth = Math.max(0, ...columns.map(({ type }) => type.length));
  return columns.map(({ name, type }, at) =>
    `  ${name.padEnd(nameWidth)}  ${type.padEnd(typeWidth)}  ${pc.dim(marks[at] ?? '')}`.trimEnd(),
  );
}
