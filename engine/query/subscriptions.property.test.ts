import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeValue } from '../bsatn/value.ts';
import type { ModuleTable, ViewDef } from '../module/definition.ts';
import type { Transaction } from '../store/contract.ts';
import type { Caller, EvaluateView, Subscriber } from './contract.ts';
import {
  type Joinable,
  joinableTable,
  queryOf,
  rowOf,
  senders,
  shapeOf,
  shifted,
  tables,
  windowOf,
} from './testing/arbitrary.ts';
import { nameRow, Replica, type Row, TestDatabase, testModule, testView } from './testing/database.ts';
import { answer, firstOf, type ModelQuery, type RowsOf, render } from './testing/model.ts';

/** A view whose function reads a table's rows, or returns a query, which may depend on whether a table is empty. */
interface ModelView {
  readonly def: ViewDef;
  readonly table: string;
  readonly isProcedural: boolean;
  readonly query: ModelQuery;
  readonly whenEmpty: { readonly table: string; readonly query: ModelQuery } | undefined;
}

interface World {
  readonly tables: readonly ModuleTable[];
  readonly views: readonly ModelView[];
  readonly rules: readonly { readonly table: string; readonly query: ModelQuery }[];
  readonly actions: readonly Action[];
}

type Action =
  | { readonly kind: 'commit' | 'abort'; readonly writes: readonly Write[] }
  | {
      readonly kind: 'subscribe';
      readonly callers: readonly Caller[];
      readonly queries: readonly ModelQuery[];
      /** Whether each caller has constants of its own. */
      readonly isShifted: boolean;
    }
  | { readonly kind: 'unsubscribe'; readonly which: number };

interface Write {
  readonly table: string;
  readonly row: Row;
  /** Deletes the nth stored row instead. */
  readonly deletes: number | undefined;
}

const caller: fc.Arbitrary<Caller> = fc.record({ identity: fc.constantFrom(...senders), isOwner: fc.boolean() });

/** Many who ask the same, so that a change is joined once for all of them. */
const crowd = Array.from({ length: 7 }, (_, i): Caller => ({ identity: BigInt(i + 1), isOwner: false }));

function world(has: { readonly views: boolean; readonly rules: boolean }): fc.Arbitrary<World> {
  return tables.chain((tables) => {
    const joinables = tables.map(joinableTable);
    const views = has.views ? fc.array(viewOf(tables, joinables), { maxLength: 2 }) : fc.constant([]);
    return views.chain((drafts) => {
      const views = drafts.map((view, n) => ({ ...view, def: { ...view.def, name: `v${n}`, sourceName: `v${n}` } }));
      const relations = [...joinables, ...views.map(joinableView)];
      return fc.record({
        tables: fc.constant(tables),
        views: fc.constant(views),
        rules: has.rules ? fc.array(ruleOf(joinables), { maxLength: 3 }) : fc.constant([]),
        actions: fc.array(actionOf(tables, relations), { minLength: 1, maxLength: 14 }),
      });
    });
  });
}

function viewOf(tables: readonly ModuleTable[], joinables: readonly Joinable[]): fc.Arbitrary<ModelView> {
  return fc.constantFrom(...tables).chain((table) => {
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
  const write = fc.constantFrom(...tables).chain((table) =>
    fc.record({
      table: fc.constant(table.name),
      row: rowOf(table),
      deletes: fc.option(fc.nat(5), { nil: undefined, freq: 2 }),
    }),
  );
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
  );
}

interface Watching {
  readonly replica: Replica;
  readonly caller: Caller;
  readonly queries: readonly ModelQuery[];
  readonly sql: readonly string[];
}

/** A database of a world beside what the simplest evaluator says that everybody should see. */
class Check {
  readonly #world: World;
  readonly #database: TestDatabase;
  readonly #subscribers: Watching[] = [];

  constructor(world: World) {
    this.#world = world;
    const def = testModule(world.tables, {
      views: world.views.map(({ def }) => def),
      rowLevelSecurity: world.rules.map(({ query }) => this.#sql(query)),
    });
    this.#database = new TestDatabase(def, () => (view, sender) => this.#evaluate(view, sender));
  }

  run(): void {
    for (const action of this.#world.actions) {
      this.#act(action);
      for (const subscriber of this.#subscribers) this.#check(subscriber);
    }
    for (const { replica } of [...this.#subscribers]) this.#database.queries.remove(replica);
    expect(this.#database.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'commit':
        this.#database.commit((transaction) => this.#write(transaction, action.writes));
        return;
      case 'abort': {
        const transaction = this.#database.store.begin();
        this.#write(transaction, action.writes);
        this.#database.queries.prepare(transaction.changes());
        this.#database.queries.discard();
        transaction.rollback();
        return;
      }
      case 'subscribe': {
        for (const [i, caller] of action.callers.entries()) {
          const shapeOfNamed = (name: string) => shapeOf({ row: this.#rowType(name) });
          const queries = action.queries.map((query) => (action.isShifted ? shifted(query, i, shapeOfNamed) : query));
          const sql = queries.map((query) => this.#sql(query));
          const replica = this.#database.subscribe(caller, ...sql);
          this.#subscribers.push({ replica, caller, queries, sql });
        }
        return;
      }
      case 'unsubscribe': {
        const [gone] = this.#subscribers.splice(action.which, 1);
        if (gone === undefined) return;
        for (const { table, rows } of this.#database.queries.unsubscribe(gone.replica, 1)) {
          gone.replica.add(table, rows, -1);
        }
        expect(gone.replica.bag).toEqual([]);
      }
    }
  }

  #write(transaction: Transaction, writes: readonly Write[]): void {
    for (const { table, row, deletes } of writes) {
      const id = this.#database.tableId(table);
      const reader = this.#database.store.table(id);
      const handle = deletes === undefined ? undefined : reader.scan()[deletes];
      if (deletes === undefined) transaction.insert(id, this.#database.encode(table, row));
      else if (handle !== undefined) transaction.delete(id, [handle]);
    }
  }

  #check({ replica, caller, queries, sql }: Watching): void {
    const fresh = new Replica();
    const subscriber: Subscriber = {};
    for (const { table, rows } of this.#database.queries.subscribe(subscriber, caller, 1, sql)) {
      fresh.add(table, rows, 1);
    }
    this.#database.queries.remove(subscriber);
    expect(replica.bag, 'the replica and a fresh subscription').toEqual(fresh.bag);

    const rowsOf: RowsOf = (name, sender) => (caller.isOwner ? this.#all(name, sender) : this.#visible(name, sender));
    const answers = queries.map((query) => {
      const rows = answer(query, rowsOf, caller.identity);
      return query.first ? this.#first(query, rows) : rows;
    });
    const expected = answers.map((rows, i) => this.#names(queries[i] as ModelQuery, rows));
    expect([...replica.counts.keys()].sort(), sql.join('; ')).toEqual([...new Set(expected.flat())].sort());
    for (const [i, text] of sql.entries()) {
      // A one-off query counts a row of a join as often as it occurs, a subscription's window once.
      if (queries[i]?.first && queries[i]?.on) continue;
      const { table, rows } = this.#database.queries.query(caller, text);
      expect(rows.map((row) => nameRow(table, row)).sort(), text).toEqual(expected[i]);
    }
  }

  #first(query: ModelQuery, rows: readonly Row[]): readonly Row[] {
    const name = query.from[query.output] ?? '';
    return firstOf(query, this.#distinct(name, rows), (row) => encodeValue(this.#rowType(name), row));
  }

  #names(query: ModelQuery, rows: readonly Row[]): string[] {
    const name = query.from[query.output] ?? '';
    return rows.map((row) => nameRow(name, encodeValue(this.#rowType(name), row))).sort();
  }

  #all: RowsOf = (name, sender) => {
    const view = this.#world.views.find(({ def }) => def.name === name);
    return view
      ? this.#distinct(name, answer(this.#queryOf(view), this.#all, this.#senderOf(view, sender)))
      : this.#rows(name);
  };

  #visible: RowsOf = (name, sender) => {
    const rules = this.#world.rules.filter(({ table }) => table === name);
    if (rules.length === 0) return this.#all(name, sender);
    // What a rule joins its table to is itself only what the reader may see; its own table is all of it.
    const rowsOf =
      (own: string): RowsOf =>
      (other, who) =>
        other === own ? this.#rows(own) : this.#visible(other, who);
    return this.#distinct(
      name,
      rules.flatMap(({ query }) => answer(query, rowsOf(name), sender)),
    );
  };

  #rows(name: string): Row[] {
    return this.#database.rows(name);
  }

  #distinct(name: string, rows: readonly Row[]): Row[] {
    return [...new Map(rows.map((row) => [nameRow(name, encodeValue(this.#rowType(name), row)), row])).values()];
  }

  #evaluate(def: ViewDef, sender: bigint | undefined): ReturnType<EvaluateView> {
    const view = this.#world.views.find((view) => view.def === def) as ModelView;
    const { whenEmpty, table } = view;
    const query = this.#queryOf(view);
    const looked = whenEmpty ? [this.#database.tableId(whenEmpty.table)] : [];
    if (!view.isProcedural) {
      return {
        kind: 'query',
        sql: this.#sql(withSender(query, this.#senderOf(view, sender))),
        reads: { tables: new Set(looked), points: [], ranges: [] },
      };
    }
    const rows = this.#distinct(table, answer(query, this.#all, this.#senderOf(view, sender)));
    const read = query.from.map((name) => this.#database.tableId(name));
    return {
      kind: 'rows',
      rows: rows.map((row) => encodeValue(def.row, row)),
      reads: { tables: new Set([...looked, ...read]), points: [], ranges: [] },
    };
  }

  #queryOf({ query, whenEmpty }: ModelView): ModelQuery {
    return whenEmpty && this.#rows(whenEmpty.table).length === 0 ? whenEmpty.query : query;
  }

  #senderOf({ def }: ModelView, sender: bigint | undefined): bigint {
    return def.isAnonymous || sender === undefined ? 2n : sender;
  }

  #sql(query: ModelQuery): string {
    return render(query, (name) => shapeOf({ row: this.#rowType(name) }));
  }

  #rowType(name: string): ModuleTable['row'] {
    const relation =
      this.#world.tables.find((table) => table.name === name) ??
      this.#world.views.find(({ def }) => def.name === name)?.def;
    return (relation as ModuleTable).row;
  }
}

/** A view's query cannot say :sender, so it holds the value. */
function withSender(query: ModelQuery, sender: bigint): ModelQuery {
  const fill = (condition: ModelQuery['where']): ModelQuery['where'] => {
    switch (condition.kind) {
      case 'all':
      case 'any':
        return { kind: condition.kind, of: condition.of.map(fill) };
      case 'not':
        return { kind: 'not', of: fill(condition.of) };
      case 'sender':
        return { ...condition, kind: 'literal', value: sender };
      default:
        return condition;
    }
  };
  return { ...query, where: fill(query.where) };
}

test.each([
  ['tables', { views: false, rules: false }],
  ['tables with rules of row-level security', { views: false, rules: true }],
  ['tables and views', { views: true, rules: false }],
  ['tables and views with rules', { views: true, rules: true }],
])('[QS14] after every commit each replica equals a fresh evaluation: %s', (_, has) => {
  fc.assert(
    fc.property(world(has), (world) => new Check(world).run()),
    { numRuns: 150 },
  );
});
