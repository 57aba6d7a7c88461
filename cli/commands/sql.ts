import { type DatabaseOptions, findTarget } from '../lib/database.ts';
import { Failure } from '../lib/failure.ts';
import { askText, databasePath } from '../lib/server.ts';
import { readSqlAnswer, type SqlResult } from '../lib/sql-answer.ts';
import { cellText, plainValue } from '../lib/sql-value.ts';
import { clip, oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

/** A column is as wide as its longest cell, in every row. */
const cellCharsMax = 200;

export interface SqlOptions extends DatabaseOptions {
  readonly json?: boolean;
}

/** Runs SQL and prints each statement's rows as a table, or as a JSON array of objects. */
export async function sql(query: string, options: SqlOptions): Promise<void> {
  if (query.trim() === '') throw new Failure('The query is empty: expected one such as "SELECT * FROM message"');
  const { server, database } = await findTarget(options);
  const results = readSqlAnswer(await askText(server, 'POST', databasePath(database, '/sql'), { body: query }));
  for (const result of results) console.log(options.json ? jsonRows(result) : tableRows(result));
}

function tableRows({ columns, rows, rowsChanged }: SqlResult): string {
  if (columns.length === 0) {
    const { inserted, deleted, updated } = rowsChanged;
    return `${inserted} inserted, ${updated} updated, ${deleted} deleted`;
  }
  const texts = rows.map((row) => columns.map(({ type }, at) => oneLine(cellText(row[at], type))));
  const cells = texts.map((row) => row.map((text) => clip(text, cellCharsMax)));
  if (texts.flat().some((text) => text.length > cellCharsMax)) {
    console.error(`What is longer than ${cellCharsMax} characters is cut: --json prints all of it.`);
  }
  const names = columns.map(({ name }) => name);
  return `${textTable(names, cells)}\n(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
}

function jsonRows({ columns, rows }: SqlResult): string {
  const plain = rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, at) => [name, plainValue(row[at], type)])),
  );
  return JSON.stringify(plain);
}
