import type {
  Expression,
  From,
  LiteralOperand,
  Name,
  Order,
  ProjectedColumn,
  Projection,
  Select,
  Statement,
} from './ast.ts';
import { Cursor } from './cursor.ts';
import { parseColumn, parseExpression, parseLiteral } from './parse-expression.ts';
import { QueryRejection } from './rejection.ts';

/** Parses one statement, with or without a semicolon after it. @throws QueryRejection `syntax`, `unsupported`, `too-large` */
export function parseStatement(sql: string): Statement {
  const [statement, second] = parseScript(sql);
  if (statement === undefined) throw new QueryRejection('syntax', 'expected a query, saw nothing');
  if (second !== undefined) throw new QueryRejection('syntax', 'expected one query, saw more after a semicolon');
  return statement;
}

/** Parses statements with semicolons between them. @throws QueryRejection `syntax`, `unsupported`, `too-large` */
export function parseScript(sql: string): Statement[] {
  const cursor = new Cursor(sql);
  const statements: Statement[] = [];
  for (;;) {
    while (cursor.takeSymbol(';'));
    if (cursor.isAtEnd) return statements;
    statements.push(statement(cursor));
    if (!cursor.isAtEnd && !cursor.isSymbol(';')) throw cursor.unexpected('the end of the query');
  }
}

function statement(cursor: Cursor): Statement {
  if (cursor.takeWord('select')) return select(cursor);
  if (cursor.takeWord('insert')) return insert(cursor);
  if (cursor.takeWord('update')) return update(cursor);
  if (cursor.takeWord('delete')) {
    cursor.expectWord('from');
    return { kind: 'delete', table: path(cursor, 'a table'), where: where(cursor) };
  }
  if (cursor.takeWord('set')) {
    const name = path(cursor, 'a variable');
    if (!cursor.takeWord('to')) cursor.expectSymbol('=');
    return { kind: 'set', name, value: parseLiteral(cursor) };
  }
  if (cursor.takeWord('show')) return { kind: 'show', name: path(cursor, 'a variable') };
  throw cursor.unexpected('SELECT, INSERT, UPDATE, DELETE, SET or SHOW');
}

function select(cursor: Cursor): Statement {
  const chosen = projection(cursor);
  cursor.expectWord('from');
  if (chosen.kind === 'all' && cursor.takeSymbol('*')) return { kind: 'everything' };
  const from = [relation(cursor)];
  const on: Expression[] = [];
  for (;;) {
    if (cursor.takeWord('inner')) cursor.expectWord('join');
    else if (!cursor.takeWord('join')) break;
    from.push(relation(cursor));
    cursor.expectWord('on');
    on.push(parseExpression(cursor));
  }
  if (cursor.isSymbol(',')) throw cursor.unexpected('JOIN … ON instead of a comma');
  const filter = where(cursor);
  const orderBy = order(cursor);
  const bound = cursor.takeWord('limit') ? limit(cursor) : undefined;
  return { kind: 'select', projection: chosen, from, on, where: filter, orderBy, limit: bound } satisfies Select;
}

function projection(cursor: Cursor): Projection {
  if (cursor.takeSymbol('*')) return { kind: 'all' };
  if (cursor.isWord('count') && cursor.after.text === '(') return count(cursor);
  const columns: ProjectedColumn[] = [];
  do {
    const { at } = cursor.token;
    const parts = [cursor.takeName('* or a column')];
    while (cursor.takeSymbol('.')) {
      if (columns.length === 0 && cursor.takeSymbol('*')) {
        return { kind: 'relation', name: { text: parts.join('.'), at } };
      }
      parts.push(cursor.takeName('a column'));
    }
    const column = parts.pop() ?? '';
    const relationName = parts.length === 0 ? undefined : parts.join('.');
    columns.push({ column: { kind: 'column', relation: relationName, column, at }, alias: alias(cursor) });
  } while (cursor.takeSymbol(','));
  return { kind: 'columns', columns };
}

function count(cursor: Cursor): Projection {
  cursor.take();
  cursor.expectSymbol('(');
  cursor.expectSymbol('*');
  cursor.expectSymbol(')');
  cursor.takeWord('as');
  return { kind: 'count', alias: cursor.takeName('a name for the count: COUNT(*) AS n') };
}

function alias(cursor: Cursor): string | undefined {
  if (cursor.takeWord('as')) return cursor.takeName('a name after AS');
  return cursor.isName() ? cursor.take().text : undefined;
}

function relation(cursor: Cursor): From {
  const name = path(cursor, 'a table');
  return { name, alias: alias(cursor) ?? name.text };
}

function where(cursor: Cursor): Expression | undefined {
  return cursor.takeWord('where') ? parseExpression(cursor) : undefined;
}

function order(cursor: Cursor): Order[] {
  const orders: Order[] = [];
  if (!cursor.takeWord('order')) return orders;
  cursor.expectWord('by');
  do {
    const column = parseColumn(cursor);
    const isDescending = cursor.takeWord('desc');
    if (!isDescending) cursor.takeWord('asc');
    orders.push({ column, isDescending });
  } while (cursor.takeSymbol(','));
  return orders;
}

function limit(cursor: Cursor): number {
  const { kind, text } = cursor.token;
  const value = Number(text);
  if (kind !== 'number' || !Number.isSafeInteger(value)) throw cursor.unexpected('a whole number of rows after LIMIT');
  cursor.take();
  return value;
}

function insert(cursor: Cursor): Statement {
  cursor.expectWord('into');
  const table = path(cursor, 'a table');
  const columns: Name[] = [];
  if (cursor.takeSymbol('(')) {
    do columns.push(columnName(cursor));
    while (cursor.takeSymbol(','));
    cursor.expectSymbol(')');
  }
  cursor.expectWord('values');
  const rows: LiteralOperand[][] = [];
  do {
    cursor.expectSymbol('(');
    const row: LiteralOperand[] = [];
    do row.push(parseLiteral(cursor));
    while (cursor.takeSymbol(','));
    cursor.expectSymbol(')');
    rows.push(row);
  } while (cursor.takeSymbol(','));
  return { kind: 'insert', table, columns, rows };
}

function update(cursor: Cursor): Statement {
  const table = path(cursor, 'a table');
  cursor.expectWord('set');
  const assignments: { column: Name; value: LiteralOperand }[] = [];
  do {
    const column = columnName(cursor);
    cursor.expectSymbol('=');
    assignments.push({ column, value: parseLiteral(cursor) });
  } while (cursor.takeSymbol(','));
  return { kind: 'update', table, assignments, where: where(cursor) };
}

function columnName(cursor: Cursor): Name {
  const { at } = cursor.token;
  return { text: cursor.takeName('a column'), at };
}

function path(cursor: Cursor, expected: string): Name {
  const { at } = cursor.token;
  const parts = [cursor.takeName(expected)];
  while (cursor.takeSymbol('.')) parts.push(cursor.takeName(expected));
  return { text: parts.join('.'), at };
}
