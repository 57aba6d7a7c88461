import { Reader } from '../bsatn/reader.ts';
import type { ProductType } from '../bsatn/type.ts';
import { Rejection } from '../errors.ts';
import type { Catalog } from '../module/catalog.ts';
import type { Caller, QueryResult } from '../query/contract.ts';
import type { HistoryRule } from './contract.ts';

/** The view by which a module says what of its history a caller may see. */
const viewName = 'visible_history';
const expected = '`table`, `column` and `value` as strings, and `columns` as an array of strings';

export interface RuleSource {
  readonly catalog: Catalog;
  query(caller: Caller, sql: string): QueryResult;
}

/**
 * What of a database's history a caller may see; undefined for everything. A module says so by its view `visible_history`;
 * of one without it only the owner sees anything.
 * @throws Rejection `history-hidden`, `history-rules` when the view is not what it should be
 */
export function historyRules({ catalog, query }: RuleSource, caller: Caller): readonly HistoryRule[] | undefined {
  const view = catalog.def.views.find(({ name }) => name === viewName);
  if (!view) {
    if (caller.isOwner) return undefined;
    const what = 'its module has no view `visible_history` that says what of it others may see';
    throw new Rejection('history-hidden', `Only the owner of this database may see its history: ${what}.`);
  }
  requireShape(view.row);
  const rules = query(caller, `SELECT * FROM "${viewName}"`).rows.map(readRule);
  if (rules.length === 0) {
    throw new Rejection('history-hidden', "Nothing of this database's history is shown to you: ask one of its owners.");
  }
  for (const rule of rules) requireKnown(catalog, rule);
  return rules;
}

function requireShape({ fields }: ProductType): void {
  const shape = fields.map(({ name, type }) => `${name} ${type.kind === 'array' ? `${type.of.kind}[]` : type.kind}`);
  if (shape.join(', ') === 'table string, column string, value string, columns string[]') return;
  throw new Rejection(
    'history-rules',
    `the view \`${viewName}\` has the columns ${shape.join(', ')}: expected ${expected}`,
  );
}

function readRule(row: Uint8Array): HistoryRule {
  const reader = new Reader(row);
  const [table, column, value] = [reader.string(), reader.string(), reader.string()];
  return { table, column, value, columns: Array.from({ length: reader.count() }, () => reader.string()) };
}

function requireKnown(catalog: Catalog, { table, column, columns }: HistoryRule): void {
  const fields = catalog.def.tables.find(({ name }) => name === table)?.row.fields;
  const unknown = [column, ...columns].find((name) => !fields?.some((field) => field.name === name));
  if (unknown === undefined) return;
  const what = fields ? `the table ${table} has no column ${unknown}` : `there is no table ${table}`;
  throw new Rejection('history-rules', `the view \`${viewName}\` names what is not there: ${what}`);
}
