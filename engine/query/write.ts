import { layoutOf } from '../bsatn/layout.ts';
import type { Field } from '../bsatn/type.ts';
import { Writer } from '../bsatn/writer.ts';
import type { CatalogTable } from '../module/catalog.ts';
import type { TableReader, Transaction } from '../store/contract.ts';
import type { Delete, Insert, Name, Update } from './ast.ts';
import { encodeLiteral } from './literal.ts';
import { columnOf, type Names, type Rights } from './names.ts';
import { planOf } from './plan.ts';
import { QueryRejection } from './rejection.ts';
import { Scope } from './scope.ts';
import type { Source } from './source.ts';
import { evaluate } from './steps.ts';

/** What a write did, by rows. */
export interface Written {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly rowsUpdated: number;
}

/** A write that was checked and waits for its transaction. */
export type Write = (transaction: Transaction, reader: TableReader) => Written;

/** What writes are about. */
export interface WriteHost {
  readonly names: Names;
  source(table: CatalogTable): Source;
  /** Called now and then by what goes on for long. @throws Rejection `time-limit` when it has gone on for too long */
  requireTime(): void;
}

const rowsPerLook = 1024;

/** Does the same for each of many rows, as long as there is time. */
function forEachRow({ requireTime }: WriteHost, rows: readonly Uint8Array[], act: (row: Uint8Array) => void): void {
  for (const [i, row] of rows.entries()) {
    if (i % rowsPerLook === 0) requireTime();
    act(row);
  }
}

/** @throws QueryRejection */
export function prepareWrite(
  host: WriteHost,
  statement: Insert | Update | Delete,
  rights: Rights,
): { readonly table: CatalogTable; readonly write: Write } {
  const { names } = host;
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
      return { table, write: prepareInsert(host, table, statement, rights) };
    case 'update':
      return { table, write: prepareUpdate(host, table, statement, rights) };
    case 'delete':
      return { table, write: prepareDelete(host, table, statement, rights) };
  }
}

function prepareInsert(host: WriteHost, table: CatalogTable, { columns, rows }: Insert, rights: Rights): Write {
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
    forEachRow(host, encoded, (row) => transaction.insert(table.stored.id, row));
    // A row that is there already changes nothing; those of an event table are never there.
    const rowsInserted = table.stored.isEvent ? encoded.length : reader.rowCount - before;
    return { rowsInserted, rowsDeleted: 0, rowsUpdated: 0 };
  };
}

function prepareUpdate(host: WriteHost, table: CatalogTable, statement: Update, rights: Rights): Write {
  const { row } = table.stored;
  const layout = layoutOf(row);
  const matching = prepareMatch(host, statement, table, rights);
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
  return (transaction) => {
    const rows = matching();
    forEachRow(host, rows, (row) => transaction.deleteEqual(table.stored.id, row));
    forEachRow(host, rows, (row) => transaction.insert(table.stored.id, updated(row)));
    return { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: rows.length };
  };
}

function prepareDelete(host: WriteHost, table: CatalogTable, statement: Delete, rights: Rights): Write {
  if (statement.where === undefined) {
    return (transaction) => ({ rowsInserted: 0, rowsDeleted: transaction.clear(table.stored.id), rowsUpdated: 0 });
  }
  const matching = prepareMatch(host, statement, table, rights);
  return (transaction) => {
    const rows = matching();
    forEachRow(host, rows, (row) => transaction.deleteEqual(table.stored.id, row));
    return { rowsInserted: 0, rowsDeleted: rows.length, rowsUpdated: 0 };
  };
}

/** Finds copies of the rows that a write is about, by an index where there is one. */
function prepareMatch(
  host: WriteHost,
  { table: name, where }: Update | Delete,
  table: CatalogTable,
  rights: Rights,
): () => Uint8Array[] {
  const scope = new Scope(host.names, [{ name, alias: name.text }], rights);
  const predicate = scope.predicate(where);
  return () => {
    const rows: Uint8Array[] = [];
    const plan = planOf({ sources: [host.source(table)], where: predicate, origins: [0] }, 0);
    if (plan === undefined) return rows;
    evaluate(plan, 'now', ([row]) => rows.push(new Uint8Array(row as Uint8Array)) > 0);
    return rows;
  };
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
