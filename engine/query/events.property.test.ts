import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModuleTable } from '../module/definition.ts';
import { joinableTable, queryOf, rowOf, shapeOf, shifted, tables } from './testing/arbitrary.ts';
import { nameRow, type Row, TestDatabase, testModule } from './testing/database.ts';
import { answer, render } from './testing/model.ts';

const sender = 2n;
/** So many that their constants are found by a shared run. */
const crowdSize = 7;

const world = tables.chain(([first, second]) => {
  const event = { ...(first as ModuleTable), isEvent: true };
  const stored = second as ModuleTable;
  const joinable = { ...joinableTable(event), joinColumns: [...event.row.fields.keys()] };
  return fc.record({
    event: fc.constant(event),
    stored: fc.constant(stored),
    queries: fc.array(queryOf([joinableTable(stored)], joinable), { minLength: 1, maxLength: 2 }),
    isShifted: fc.boolean(),
    commits: fc.array(
      fc.record({
        events: fc.array(rowOf(event), { maxLength: 4 }),
        inserts: fc.array(rowOf(stored), { maxLength: 3 }),
        deletes: fc.array(fc.nat(5), { maxLength: 2 }),
      }),
      { maxLength: 6 },
    ),
  });
});

test('[QS5] each commit delivers its event rows, joined to the rows that are stored once it is done', () => {
  fc.assert(
    fc.property(world, ({ event, stored, queries, isShifted, commits }) => {
      const database = new TestDatabase(testModule([event, stored]));
      const shapeOfNamed = (name: string) => shapeOf(name === event.name ? event : stored);
      const watching = Array.from({ length: crowdSize }, (_, i) => {
        const own = queries.map((query) => (isShifted ? shifted(query, i, shapeOfNamed) : query));
        const sql = own.map((query) => render(query, shapeOfNamed));
        const caller = { identity: sender, isOwner: false };
        // Each query in a set of its own: equal ones of one set count once.
        return own.map((query, n) => ({ query, replica: database.subscribe(caller, sql[n] as string) }));
      }).flat();
      for (const { events, inserts, deletes } of commits) {
        for (const { replica } of watching) replica.events.length = 0;
        database.commit((transaction) => {
          const handles = database.store.table(database.tableId(stored.name)).scan();
          const gone = [...new Set(deletes)].flatMap((n) => handles[n] ?? []);
          transaction.delete(database.tableId(stored.name), gone);
          for (const row of inserts)
            transaction.insert(database.tableId(stored.name), database.encode(stored.name, row));
          for (const row of events) transaction.insert(database.tableId(event.name), database.encode(event.name, row));
        });
        const named = (row: Row) => nameRow(event.name, database.encode(event.name, row));
        const distinct = [...new Map(events.map((row) => [named(row), row])).values()];
        for (const { query, replica } of watching) {
          const rowsOf = (name: string) => (name === event.name ? distinct : database.rows(name));
          const expected = answer(query, rowsOf, sender).map(named);
          expect([...replica.events].sort()).toEqual(expected.sort());
          expect(replica.bag).toEqual([]);
        }
      }
    }),
    { numRuns: 80 },
  );
});
