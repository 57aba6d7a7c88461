import { layoutOf } from '../bsatn/layout.ts';
import type { Field } from '../bsatn/type.ts';
import { Writer } from '../bsatn/writer.ts';
import type { CatalogTable } from '../module/catalog.ts';
import type { TableReader, Transaction } from '../store/contract.ts';
import type { Delete, Expression, Insert, Name, Update } from './ast.ts';
import { compilePredicate } from './compile.ts';
import { encodeLiteral } from './literal.ts';
import { columnOf, type Names, type Relation, type Rights } from './names.ts';
import { QueryRejection } from './rejection.ts';
import { Scope } from './scope.ts';

/** What a write did, by rows. */
export interface Written {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly rowsUpdated: number;
}

/** A write that was checked and waits for its transaction. */
export type Write = (transaction: Transaction, reader: TableReader) => Written;

/** @throws QueryRejection */
export function prepareWrite(
  names: Names,
  statement: Insert | Update | Delete,
  rights: Rights,
): { readonly table: CatalogTable; readonly write: Write } {
  const relation = names.find(statement.table.text, rights);
  if (relation.kind !== 'table') {
    throw new QueryRejection('unsupported', `\`${relation.view.name}\` is a view: its rows cannot be written`);
  }
  const { table } = relation;
  if (names.isSystem(table)) {
    throw new QueryRejection('unsupported', `\`${table.declared.name}\` is the host's own: its rows cannot be written`);
  }
  switch (statement.kind) {
    case 'insert':
      return { table, write: prepareInsert(table, statement, rights) };
    case 'update':
      return { table, write: prepareUpdate(names, table, statement, rights) };
    case 'delete':
      return { table, write: prepareDelete(names, table, statement, rights) };
  }
}

function prepareInsert(table: CatalogTable, { columns, rows }: Insert, rights: Rights): Write {
  const { fields } = table.stored.row;
  const order = columns.length === 0 ? [...fields.keys()] : columns.map((name) => columnNamed(table, name));
  if (new Set(order).size !== order.length || order.length !== fields.length) {
    const expected = fields.map(({ name }) => `\`${name}\``).join(', ');
    throw new QueryRejection('unsupported', `INSERT names each column once: ${expected}`);
  }
  const encoded = rows.map((row) => {
    if (row.length !== order.length) {
      throw new QueryRejection('type', `expected ${order.length} values in a row, saw ${row.length}`);
    }
    const values: Uint8Array[] = [];
    for (const [i, literal] of row.entries()) {
      const column = order[i] as number;
      values[column] = encodeLiteral(literal, (fields[column] as Field).type, rights.sender);
    }
    return concat(values);
  });
  return (transaction, reader) => {
    const before = reader.rowCount;
    for (const row of encoded) transaction.insert(table.stored.id, row);
    // A row that is there already changes nothing; those of an event table are never there.
    const rowsInserted = table.stored.isEvent ? encoded.length : reader.rowCount - before;
    return { rowsInserted, rowsDeleted: 0, rowsUpdated: 0 };
  };
}

function prepareUpdate(names: Names, table: CatalogTable, statement: Update, rights: Rights): Write {
  const { row } = table.stored;
  const layout = layoutOf(row);
  const matching = prepareMatch(names, statement, statement.where, rights);
  const values: Uint8Array[] = [];
  for (const { column: name, value } of statement.assignments) {
    const column = columnNamed(table, name);
    values[column] = encodeLiteral(value, (row.fields[column] as Field).type, rights.sender);
  }
  const updated = (old: Uint8Array): Uint8Array => {
    const parts = row.fields.map((_, column) => {
      const start = layout.columnStart(old, 0, column);
      return values[column] ?? old.subarray(start, layout.columnEnd(old, start, column));
    });
    return concat(parts);
  };
  return (transaction, reader) => {
    const handles = matching(reader);
    const rows = handles.map((handle) => updated(reader.row(handle)));
    transaction.delete(table.stored.id, handles);
    for (const next of rows) transaction.insert(table.stored.id, next);
    return { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: handles.length };
  };
}

function prepareDelete(names: Names, table: CatalogTable, statement: Delete, rights: Rights): Write {
  const matching = prepareMatch(names, statement, statement.where, rights);
  return (transaction, reader) => {
    const rowsDeleted = transaction.delete(table.stored.id, matching(reader));
    return { rowsInserted: 0, rowsDeleted, rowsUpdated: 0 };
  };
}

function prepareMatch(
  names: Names,
  { table }: Update | Delete,
  where: Expression | undefined,
  rights: Rights,
): (reader: TableReader) => number[] {
  const scope = new Scope(names, [{ name: table, alias: table.text }], rights);
  const [relation] = scope.relations as [Relation & { kind: 'table' }];
  const test = compilePredicate(scope.predicate(where), [layoutOf(relation.table.stored.row)]);
  return (reader) => reader.scan().filter((handle) => test([reader.row(handle)]));
}

function columnNamed(table: CatalogTable, { text }: Name): number {
  const column = columnOf({ kind: 'table', table }, text);
  if (column >= 0) return column;
  const known = table.stored.row.fields.map(({ name }) => `\`${name}\``).join(', ');
  throw new QueryRejection('no-such-column', `no such column: \`${text}\`; \`${table.declared.name}\` has ${known}`);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(parts.reduce((sum, { length }) => sum + length, 0));
  for (const part of parts) writer.raw(part);
  return writer.copy();
}
