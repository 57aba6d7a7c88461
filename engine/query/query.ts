import type { CatalogTable } from '../module/catalog.ts';
import type { Expression, Select } from './ast.ts';
import { isEvent, type Names, nameOf, type Relation, type Rights } from './names.ts';
import { and, type ColumnRef, fingerprint, type Predicate } from './predicate.ts';
import { QueryRejection } from './rejection.ts';
import { Scope } from './scope.ts';

/** A query whose rows are whole rows of one relation. */
export interface RowsQuery {
  readonly relations: readonly Relation[];
  readonly where: Predicate;
  /** The relation whose rows it returns. */
  readonly output: number;
  readonly window: Window | undefined;
}

/** Keep the first `limit` rows in this order. */
export interface Window {
  readonly orderBy: readonly { readonly column: ColumnRef; readonly isDescending: boolean }[];
  readonly limit: number;
}

/** A text that is equal for queries that ask the same, however they are written. */
export function nameOfQuery({ relations, where, output, window }: RowsQuery): string {
  return [relations.map(nameOf).join(), output, fingerprint(where), windowName(window)].join(';');
}

/** A text that is equal for equal windows. */
export function windowName(window: Window | undefined): string {
  if (window === undefined) return '';
  const orders = window.orderBy.map(({ column, isDescending }) => `${column.column}${isDescending ? '-' : '+'}`);
  return `${orders.join()} ${window.limit}`;
}

/** All the conditions of a SELECT: an inner join's ON is one more of them. */
export function conditions(scope: Scope, select: Select): Predicate {
  return and([...select.on, select.where].map((condition) => scope.predicate(condition)));
}

/** What a subscription may say. @throws QueryRejection */
export function resolveSubscription(names: Names, select: Select, rights: Rights): RowsQuery {
  if (select.from.length > 2) {
    throw new QueryRejection('unsupported', 'Subscriptions join at most two relations');
  }
  const scope = new Scope(names, select.from, rights);
  const query = resolveRows(scope, select, 'Subscriptions');
  requireJoinIndexes(scope, select.on);
  query.relations.forEach((relation, position) => {
    if (isEvent(relation) && position !== query.output) {
      throw new QueryRejection(
        'unsupported',
        `Rows of the event table \`${nameOf(relation)}\` cannot be looked up by a join: select its rows instead`,
      );
    }
  });
  return { ...query, window: resolveWindow(scope, select, query) };
}

const definitionRelationsMax = 8;

/** What a view's query may say. @throws QueryRejection */
export function resolveDefinition(names: Names, select: Select, rights: Rights, what: string): RowsQuery {
  const query = resolveRule(names, select, rights, what, false);
  refuseEvents(query, query.output, what);
  return query;
}

/**
 * What a rule of row-level security may say: as a view's query, or about the rows of an event table.
 * @param needsIndexes whether its joins are bound to the rules for those of subscriptions
 * @throws QueryRejection
 */
export function resolveRule(
  names: Names,
  select: Select,
  rights: Rights,
  what: string,
  needsIndexes: boolean,
): RowsQuery {
  if (select.orderBy.length > 0 || select.limit !== undefined) {
    throw new QueryRejection('unsupported', `${what} cannot have ORDER BY or LIMIT`);
  }
  if (select.from.length > definitionRelationsMax) {
    throw new QueryRejection('too-large', `${what} cannot join more than ${definitionRelationsMax} relations`);
  }
  const scope = new Scope(names, select.from, rights);
  const query = resolveRows(scope, select, what);
  if (needsIndexes) requireJoinIndexes(scope, select.on);
  query.relations.forEach((_, position) => {
    if (position !== query.output) refuseEvents(query, position, what);
  });
  return query;
}

function refuseEvents({ relations }: RowsQuery, position: number, what: string): void {
  const relation = relations[position];
  if (!relation || !isEvent(relation)) return;
  throw new QueryRejection('unsupported', `${what} cannot read the event table \`${nameOf(relation)}\``);
}

function resolveRows(scope: Scope, select: Select, what: string): RowsQuery {
  const { projection } = select;
  const where = conditions(scope, select);
  const { relations } = scope;
  if (projection.kind === 'relation') {
    return { relations, where, output: scope.relation(projection.name.text), window: undefined };
  }
  if (projection.kind === 'all' && relations.length === 1) return { relations, where, output: 0, window: undefined };
  const wanted = relations.length === 1 ? '`SELECT *`' : '`SELECT r.*`, where r is one of the joined relations';
  throw new QueryRejection('unsupported', `${what} return whole rows of one table: write ${wanted}`);
}

function resolveWindow(scope: Scope, { orderBy, limit }: Select, query: RowsQuery): Window | undefined {
  if (orderBy.length === 0 && limit === undefined) return undefined;
  if (orderBy.length === 0 || limit === undefined) {
    throw new QueryRejection('unsupported', 'Subscriptions take ORDER BY and LIMIT together or not at all');
  }
  if (isEvent(query.relations[query.output] as Relation)) {
    throw new QueryRejection('unsupported', 'Rows of event tables pass by and have no order');
  }
  return {
    limit,
    orderBy: orderBy.map(({ column: operand, isDescending }) => {
      const column = scope.column(operand);
      scope.requireOrder(column);
      if (column.relation !== query.output) {
        throw new QueryRejection('unsupported', 'Subscriptions are ordered by columns of the rows that they return');
      }
      return { column, isDescending };
    }),
  };
}

/** Without an index on each side, a change of one table would mean a scan of the other. */
function requireJoinIndexes(scope: Scope, on: readonly Expression[]): void {
  for (const condition of on) {
    const predicate = scope.predicate(condition);
    if (predicate.kind !== 'columns' || predicate.op !== '=' || predicate.left.relation === predicate.right.relation) {
      throw new QueryRejection('unsupported', 'Subscriptions join ON one equality of two columns: a.x = b.y');
    }
    for (const { relation, column } of [predicate.left, predicate.right]) {
      const joined = scope.relations[relation] as Relation;
      if (joined.kind === 'table' && !joined.table.stored.isEvent && !hasIndex(joined.table, column)) {
        const name = `\`${nameOf(joined)}\`.\`${joined.table.stored.row.fields[column]?.name}\``;
        throw new QueryRejection('unsupported', 'Subscriptions require indexes on join columns', {
          detail: `${name} has none`,
        });
      }
    }
  }
}

function hasIndex(table: CatalogTable, column: number): boolean {
  return table.stored.indexes.some(
    ({ algorithm, columns }) => columns[0] === column && (columns.length === 1 || algorithm !== 'hash'),
  );
}
