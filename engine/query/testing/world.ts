import fc from 'fast-check';
import type { ModuleTable, ViewDef } from '../../module/definition.ts';
import type { Caller } from '../contract.ts';
import {
  indexedAs,
  indexing,
  type Joinable,
  joinableTable,
  keyedTables,
  queryOf,
  rowOf,
  senders,
  serialOf,
  shapeOf,
  windowOf,
} from './arbitrary.ts';
import { type Row, testView } from './database.ts';
import type { ModelQuery } from './model.ts';

/** A view whose function reads a table's rows, or returns a query, which may depend on whether a table is empty. */
export interface ModelView {
  readonly def: ViewDef;
  readonly table: string;
  readonly isProcedural: boolean;
  readonly query: ModelQuery;
  readonly whenEmpty: { readonly table: string; readonly query: ModelQuery } | undefined;
}

/** What an update of a module may change while it has subscribers. */
export interface Version {
  readonly tables: readonly ModuleTable[];
  readonly views: readonly ModelView[];
  readonly rules: readonly { readonly table: string; readonly query: ModelQuery }[];
}

export interface World {
  /** The first one is what the actions begin with. */
  readonly versions: readonly Version[];
  readonly actions: readonly Action[];
}

export type Action =
  | { readonly kind: 'commit' | 'abort'; readonly writes: readonly Write[] }
  | { readonly kind: 'update'; readonly version: number }
  | {
      readonly kind: 'subscribe';
      readonly callers: readonly Caller[];
      readonly queries: readonly ModelQuery[];
      /** Whether each caller has constants of its own. */
      readonly isShifted: boolean;
    }
  | { readonly kind: 'unsubscribe'; readonly which: number };

/** One thing that a transaction does to a table. `nth` counts its rows at that time; without such a row nothing is done. */
export type Write = { readonly table: string; readonly row: Row } & (
  | { readonly kind: 'insert' | 'update' | 'clear' }
  /** `replace`: puts the row back that it deleted. `move`: puts `row` into its place. */
  | { readonly kind: 'delete' | 'replace' | 'move'; readonly nth: number }
  /** Rows that differ in the column that counts. */
  | { readonly kind: 'fill'; readonly count: number }
  | { readonly kind: 'cut'; readonly nth: number; readonly count: number }
);

const caller: fc.Arbitrary<Caller> = fc.record({ identity: fc.constantFrom(...senders), isOwner: fc.boolean() });

/** Many who ask the same, so that a change is joined once for all of them. */
const crowd = Array.from({ length: 7 }, (_, i): Caller => ({ identity: BigInt(i + 1), isOwner: false }));

export function worldOf(has: { readonly views: boolean; readonly rules: boolean }): fc.Arbitrary<World> {
  return keyedTables.chain((tables) => {
    const joinables = tables.map(joinableTable);
    const views = fc.array(viewOf(tables, joinables), has.views ? { minLength: 1, maxLength: 2 } : { maxLength: 0 });
    const rules = has.rules ? fc.array(ruleOf(joinables), { maxLength: 3 }) : fc.constant([]);
    return views.chain((drafts) => {
      const first = drafts.map(named);
      const next = fc.record({
        tables: fc.tuple(...tables.map((table) => indexing.map((other) => indexedAs(table, other)))),
        views: fc.tuple(...first.map((view) => definitionLike(view, tables, joinables))),
        rules,
      });
      const relations = [...joinables, ...first.map(joinableView)];
      return fc.record({
        versions: fc
          .tuple(
            fc.record({ tables: fc.constant(tables), views: fc.constant(first), rules }),
            fc.array(next, { maxLength: 2 }),
          )
          .map(([first, others]): Version[] => [first, ...others]),
        actions: fc.array(actionOf(tables, relations), { minLength: 1, maxLength: 14 }),
      });
    });
  });
}

function named(view: ModelView, n: number): ModelView {
  return { ...view, def: { ...view.def, name: `v${n}`, sourceName: `v${n}` } };
}

/** A view of the same name and type with another function. */
function definitionLike(
  view: ModelView,
  tables: readonly ModuleTable[],
  joinables: readonly Joinable[],
): fc.Arbitrary<ModelView> {
  const own = tables.filter(({ name }) => name === view.table);
  const { name, sourceName } = view.def;
  return viewOf(own, joinables, tables).map((other) => ({ ...other, def: { ...other.def, name, sourceName } }));
}

function viewOf(
  outputs: readonly ModuleTable[],
  joinables: readonly Joinable[],
  tables = outputs,
): fc.Arbitrary<ModelView> {
  return fc.constantFrom(...outputs).chain((table) => {
    const output = joinables.find(({ name }) => name === table.name) as Joinable;
    const query = queryOf(joinables, output);
    return fc.record({
      def: fc.boolean().map((isAnonymous) => testView('v', table.row, { isAnonymous })),
      table: fc.constant(table.name),
      isProcedural: fc.boolean(),
      query: query,
      whenEmpty: fc.option(fc.record({ table: fc.constantFrom(...tables.map(({ name }) => name)), query }), {
        nil: undefined,
      }),
    });
  });
}

function joinableView({ def }: ModelView): Joinable {
  return { name: def.name, shape: shapeOf(def), joinColumns: [...def.row.fields.keys()] };
}

function ruleOf(joinables: readonly Joinable[]): fc.Arbitrary<{ table: string; query: ModelQuery }> {
  // Rules of one table name it and later ones only, so that they never need one another.
  return fc.integer({ min: 0, max: joinables.length - 1 }).chain((n) => {
    const output = joinables[n] as Joinable;
    return queryOf(joinables.slice(n), output).map((query) => ({ table: output.name, query }));
  });
}

function actionOf(tables: readonly ModuleTable[], relations: readonly Joinable[]): fc.Arbitrary<Action> {
  const write = fc.constantFrom(...tables).chain((table) => writeOf(table));
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('commit' as const), writes: fc.array(write, { maxLength: 6 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('abort' as const), writes: fc.array(write, { maxLength: 3 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('subscribe' as const),
        callers: fc.oneof(
          { weight: 4, arbitrary: caller.map((one) => [one]) },
          { weight: 1, arbitrary: fc.constant(crowd) },
        ),
        queries: fc.array(queryOf(relations).chain(windowOf), { minLength: 1, maxLength: 3 }),
        isShifted: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), version: fc.nat(2) }) },
  );
}

/** Windows of tables that grow and shrink by more rows than a window keeps in reserve. */
export const largeWorld: fc.Arbitrary<World> = keyedTables
  .map((tables) => tables.filter((table) => serialOf(table) !== undefined))
  .filter((tables) => tables.length > 0)
  .chain((tables) => {
    const table = fc.constantFrom(...tables);
    const write = table.chain((one) => {
      const at = { table: fc.constant(one.name), row: rowOf(one) };
      const fill = fc.record({ ...at, kind: fc.constant('fill' as const), count: fc.integer({ min: 40, max: 120 }) });
      const cut = fc.record({
        ...at,
        kind: fc.constant('cut' as const),
        nth: fc.nat(3),
        count: fc.integer({ min: 30, max: 110 }),
      });
      return fc.oneof(fill, cut, writeOf(one));
    });
    const query = table.chain(({ name }): fc.Arbitrary<ModelQuery> => {
      return fc.constant({ from: [name], on: undefined, where: { kind: 'true' }, output: 0 });
    });
    const action: fc.Arbitrary<Action> = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('commit' as const), writes: fc.array(write, { maxLength: 2 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('subscribe' as const),
          callers: caller.map((one) => [one]),
          queries: fc.array(query.chain(windowOf), { minLength: 1, maxLength: 2 }),
          isShifted: fc.constant(false),
        }),
      },
    );
    return fc.record({
      versions: fc.constant([{ tables, views: [], rules: [] }]),
      actions: fc.array(action, { minLength: 6, maxLength: 14 }),
    });
  });

function writeOf(table: ModuleTable): fc.Arbitrary<Write> {
  const at = { table: fc.constant(table.name), row: rowOf(table) };
  const nth = fc.nat(5);
  const count = fc.integer({ min: 20, max: 60 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ ...at, kind: fc.constant('insert' as const) }) },
    { weight: 6, arbitrary: fc.record({ ...at, kind: fc.constantFrom('delete', 'replace', 'move'), nth }) },
    { weight: 4, arbitrary: fc.record({ ...at, kind: fc.constant('update' as const) }) },
    { weight: 1, arbitrary: fc.record({ ...at, kind: fc.constant('clear' as const) }) },
    { weight: 1, arbitrary: fc.record({ ...at, kind: fc.constant('fill' as const), count }) },
    { weight: 1, arbitrary: fc.record({ ...at, kind: fc.constant('cut' as const), nth, count }) },
  );
}
