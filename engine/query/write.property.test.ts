import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModuleTable } from '../module/definition.ts';
import { domainOf, joinableTable, queryOf, rowOf, tables } from './testing/arbitrary.ts';
import { nameRow, type Row, TestDatabase, testModule } from './testing/database.ts';
import { answer, literal, render } from './testing/model.ts';

const owner = { identity: 2n, isOwner: true };

const world = tables.chain((tables) => {
  const table = tables[0] as ModuleTable;
  const joinable = { ...joinableTable(table), joinColumns: [] };
  const type = table.row.fields[1]?.type as ModuleTable['row'];
  return fc.record({
    table: fc.constant(table),
    rows: fc.array(rowOf(table), { maxLength: 12 }),
    query: queryOf([joinable]),
    type: fc.constant(type),
    value: fc.constantFrom(undefined, ...domainOf(type)),
  });
});

test('[QX11] UPDATE and DELETE are about exactly the rows that a SELECT with their condition finds', () => {
  fc.assert(
    fc.property(world, ({ table, rows, query, type, value }) => {
      const { name } = table;
      const database = new TestDatabase(testModule([table]));
      database.insert(name, ...rows);
      const before = database.rows(name);
      const found = new Set(answer(query, () => before, owner.identity));
      const [, condition = ''] = render(query, () => ({ columns: table.row.fields.map((field) => field.type) })).split(
        'WHERE',
      );
      const where = condition.replaceAll('x.c', `${name}.c`);
      const script = database.queries.script(
        owner,
        value === undefined
          ? `DELETE FROM ${name} WHERE ${where}`
          : `UPDATE ${name} SET c1 = ${literal(value, type)} WHERE ${where}`,
      );
      const transaction = database.store.begin();
      const [result] = script.run(transaction);
      transaction.commit();
      expect((result?.rowsDeleted ?? 0) + (result?.rowsUpdated ?? 0)).toBe(found.size);
      const written = value === undefined ? [] : [...found].map((row) => row.with(1, cellOf(value, type)));
      const expected = [...before.filter((row) => !found.has(row)), ...written];
      expect(names(database, name, database.rows(name))).toEqual(names(database, name, expected));
    }),
    { numRuns: 150 },
  );
});

function cellOf(
  value: ReturnType<typeof domainOf>[number],
  type: ModuleTable['row']['fields'][number]['type'],
): Row[number] {
  if (type.kind === 'array') return new Uint8Array(Buffer.from(String(value), 'hex'));
  return type.kind === 'product' ? [value as bigint] : value;
}

/** A table is a set. */
function names(database: TestDatabase, table: string, rows: readonly Row[]): string[] {
  return [...new Set(rows.map((row) => nameRow(table, database.encode(table, row))))].sort();
}
