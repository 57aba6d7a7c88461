import type { Layout } from '../bsatn/layout.ts';
import { layoutOf } from '../bsatn/layout.ts';
import type { Field, ProductType } from '../bsatn/type.ts';
import { Writer } from '../bsatn/writer.ts';
import type { Order, Projection, Select } from './ast.ts';
import type { Tuple } from './compile.ts';
import type { QueryResult } from './contract.ts';
import type { Effort } from './effort.ts';
import { type Branch, expand, type Meaning } from './expand.ts';
import { type Names, nameOf, type Relation, type Rights, rowOf } from './names.ts';
import { inTurn, orderByBytes, orderByColumn } from './order.ts';
import { planOf } from './plan.ts';
import type { ColumnRef } from './predicate.ts';
import { conditions } from './query.ts';
import { QueryRejection } from './rejection.ts';
import { Scope } from './scope.ts';
import { type Emit, evaluate } from './steps.ts';
import { keyOf } from './value.ts';

const relationsMax = 8;
const sortedAtOnce = 1024;

/** Runs a SELECT once. @param rowsMax more rows are refused @throws QueryRejection */
export function runSelect(
  names: Names,
  select: Select,
  rights: Rights,
  meaning: Meaning,
  effort: Effort,
  rowsMax = Number.POSITIVE_INFINITY,
): QueryResult {
  if (select.from.length > relationsMax) {
    throw new QueryRejection('too-large', `a query joins at most ${relationsMax} relations, saw ${select.from.length}`);
  }
  const scope = new Scope(names, select.from, rights);
  const branches = expand({ relations: scope.relations, where: conditions(scope, select) }, meaning);
  const output = outputOf(scope, select.projection);
  const order = compileOrder(scope, select.orderBy);
  const { table, row } = output;
  if (output.project === 'count') {
    const count = new Writer(8);
    let total = 0n;
    each(branches, effort, () => ++total > 0n);
    count.u64(total);
    return { table, row, rows: [count.copy()] };
  }
  const { project } = output;
  const limit = Math.min(select.limit ?? Number.POSITIVE_INFINITY, rowsMax + 1);
  const rows =
    order === undefined
      ? firstRows(branches, effort, limit, project)
      : orderedRows(branches, effort, order, limit, project);
  if (rows.length > rowsMax) {
    throw new QueryRejection(
      'row-limit',
      `the query returns more rows than the row_limit of ${rowsMax}: narrow it down`,
    );
  }
  return { table, row, rows };
}

/** Gets the row of each of the query's relations. */
type Project = (rows: Tuple) => Uint8Array;
type Precedence = (a: Tuple, b: Tuple) => number;

function firstRows(branches: readonly Branch[], effort: Effort, limit: number, project: Project): Uint8Array[] {
  const found: Uint8Array[] = [];
  if (limit === 0) return found;
  each(branches, effort, (rows) => found.push(project(rows)) < limit);
  return found;
}

function orderedRows(
  branches: readonly Branch[],
  effort: Effort,
  order: Precedence,
  limit: number,
  project: Project,
): Uint8Array[] {
  const found: Tuple[] = [];
  // Of a large table a few rows are wanted as a rule: those behind what would be the last of them are not kept.
  let last: Tuple | undefined;
  each(branches, effort, (rows) => {
    if (last !== undefined && order(rows, last) >= 0) return true;
    found.push([...rows]);
    if (found.length < 2 * limit + sortedAtOnce) return true;
    found.sort(order).length = limit;
    last = found.at(-1);
    return limit > 0;
  });
  return found.sort(order).slice(0, limit).map(project);
}

/**
 * Visits the rows of the query's relations, each combination once: what views and rules join to them may match in
 * several ways, which is no reason to return a row twice.
 */
function each(branches: readonly Branch[], effort: Effort, visit: (rows: Tuple) => boolean): void {
  const isExact = branches.length === 1 && branches[0]?.sources.length === branches[0]?.origins.length;
  const seen = new Set<string>();
  for (const branch of branches) {
    const plan = planOf(branch, 0);
    if (plan === undefined) continue;
    const rows: Tuple = [];
    const emit: Emit = (tuple) => {
      for (const [relation, source] of branch.origins.entries()) rows[relation] = tuple[source] as Uint8Array;
      if (isExact) return visit(rows);
      const key = rows.map((row) => keyOf(row)).join('');
      return seen.has(key) || (seen.add(key) && visit(rows));
    };
    if (!evaluate(plan, 'now', emit, effort)) return;
  }
}

interface Output {
  readonly table: string;
  readonly row: ProductType;
  readonly project: Project | 'count';
}

function outputOf(scope: Scope, projection: Projection): Output {
  const first = scope.relations[0] as Relation;
  switch (projection.kind) {
    case 'all':
      if (scope.relations.length > 1) {
        throw new QueryRejection('unsupported', 'SELECT * returns rows of one relation: with a join, write r.*');
      }
      return wholeRows(first, 0);
    case 'relation': {
      const position = scope.relation(projection.name.text);
      return wholeRows(scope.relations[position] as Relation, position);
    }
    case 'count':
      return {
        table: nameOf(first),
        row: { kind: 'product', fields: [{ name: projection.alias, type: { kind: 'u64' } }] },
        project: 'count',
      };
    case 'columns': {
      const columns = projection.columns.map(({ column, alias }) => ({ ref: scope.column(column), alias }));
      const fields = columns.map(({ ref, alias }): Field => {
        const field = rowOf(scope.relations[ref.relation] as Relation).fields[ref.column] as Field;
        return { name: alias ?? field.name, type: field.type };
      });
      requireDistinctNames(fields);
      return { table: nameOf(first), row: { kind: 'product', fields }, project: pick(scope, columns) };
    }
  }
}

function requireDistinctNames(fields: readonly Field[]): void {
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) {
      throw new QueryRejection('unsupported', `two columns are named \`${name}\`: give one another name with AS`);
    }
    names.add(name);
  }
}

function wholeRows(relation: Relation, position: number): Output {
  return {
    table: nameOf(relation),
    row: rowOf(relation),
    project: (rows) => new Uint8Array(rows[position] as Uint8Array),
  };
}

function pick(scope: Scope, columns: readonly { readonly ref: ColumnRef }[]): Project {
  const parts = columns.map(({ ref }) => ({ ref, layout: layoutAt(scope, ref) }));
  return (rows) => {
    const writer = new Writer(64);
    for (const { ref, layout } of parts) {
      const row = rows[ref.relation] as Uint8Array;
      const start = layout.columnStart(row, 0, ref.column);
      writer.raw(row.subarray(start, layout.columnEnd(row, start, ref.column)));
    }
    return writer.copy();
  };
}

function compileOrder(scope: Scope, orders: readonly Order[]): Precedence | undefined {
  const parts = orders.map(({ column, isDescending }): Precedence => {
    const ref = scope.column(column);
    scope.requireOrder(ref);
    const order = orderByColumn(rowOf(scope.relations[ref.relation] as Relation), ref.column, isDescending);
    return (a, b) => order(a[ref.relation] as Uint8Array, b[ref.relation] as Uint8Array);
  });
  if (parts.length === 0) return undefined;
  const ties = scope.relations.map((_, relation): Precedence => {
    return (a, b) => orderByBytes(a[relation] as Uint8Array, b[relation] as Uint8Array);
  });
  return inTurn([...parts, ...ties]);
}

function layoutAt(scope: Scope, { relation }: ColumnRef): Layout {
  return layoutOf(rowOf(scope.relations[relation] as Relation));
}
