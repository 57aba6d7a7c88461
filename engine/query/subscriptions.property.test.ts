import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeValue } from '../bsatn/value.ts';
import type { ModuleDef, ModuleTable, ViewDef } from '../module/definition.ts';
import type { Transaction } from '../store/contract.ts';
import { StoreRejection } from '../store/rejection.ts';
import type { Caller, EvaluateView, Subscriber } from './contract.ts';
import { QueryRejection } from './rejection.ts';
import { numbered, shapeOf, shifted } from './testing/arbitrary.ts';
import { nameRow, Replica, type Row, TestDatabase, testModule } from './testing/database.ts';
import { answer, firstOf, type ModelQuery, type RowsOf, render } from './testing/model.ts';
import {
  type Action,
  largeWorld,
  type ModelView,
  type Version,
  type World,
  type Write,
  worldOf,
} from './testing/world.ts';

interface Watching {
  readonly replica: Replica;
  readonly caller: Caller;
  readonly queries: readonly ModelQuery[];
  readonly sql: readonly string[];
}

/** A database of a world beside what the simplest evaluator says that everybody should see. */
class Check {
  readonly #world: World;
  #version: Version;
  readonly #database: TestDatabase;
  readonly #subscribers: Watching[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#version = world.versions[0] as Version;
    this.#database = new TestDatabase(this.#def(), () => (view, sender) => this.#evaluate(view, sender));
  }

  run(): void {
    for (const action of this.#world.actions) {
      this.#act(action);
      for (const subscriber of this.#subscribers) this.#check(subscriber);
    }
    for (const { replica } of [...this.#subscribers]) this.#database.queries.remove(replica);
    expect(this.#database.queries.size).toEqual({ groups: 0, templates: 0, views: 0 });
  }

  #def(): ModuleDef {
    const { tables, views, rules } = this.#version;
    return testModule(tables, {
      views: views.map(({ def }) => def),
      rowLevelSecurity: rules.map(({ query }) => this.#sql(query)),
    });
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
          try {
            const replica = this.#database.subscribe(caller, ...sql);
            this.#subscribers.push({ replica, caller, queries, sql });
          } catch (error) {
            if (!isForIndexes(error)) throw error;
          }
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
        return;
      }
      case 'update': {
        const version = this.#world.versions[action.version];
        if (version === undefined) return;
        this.#version = version;
        for (const [subscriber, message] of this.#database.become(this.#def())) {
          expect(message).toContain(requiresIndexes);
          const at = this.#subscribers.findIndex(({ replica }) => replica === subscriber);
          this.#subscribers.splice(at, 1);
        }
      }
    }
  }

  #write(transaction: Transaction, writes: readonly Write[]): void {
    for (const write of writes) {
      try {
        this.#writeOne(transaction, write);
      } catch (error) {
        // What a key forbids has changed nothing.
        if (!(error instanceof StoreRejection) || !['unique', 'no-such-row'].includes(error.code)) throw error;
      }
    }
  }

  #writeOne(transaction: Transaction, write: Write): void {
    const { table: name, row } = write;
    const table = this.#table(name);
    const id = this.#database.tableId(name);
    const reader = this.#database.store.table(id);
    const insert = (row: Row) => transaction.insert(id, this.#database.encode(name, row));
    switch (write.kind) {
      case 'insert':
        insert(row);
        return;
      case 'fill':
        for (const one of numbered(table, row, write.count)) insert(one);
        return;
      case 'update': {
        const unique = reader.def.indexes.find(({ isUnique }) => isUnique);
        if (unique) transaction.update(id, unique.id, this.#database.encode(name, row));
        return;
      }
      case 'clear':
        transaction.clear(id);
        return;
      case 'cut':
        transaction.delete(id, reader.scan().slice(write.nth, write.nth + write.count));
        return;
      default: {
        const handle = reader.scan()[write.nth];
        if (handle === undefined) return;
        const old = new Uint8Array(reader.row(handle));
        transaction.delete(id, [handle]);
        if (write.kind === 'replace') transaction.insert(id, old);
        if (write.kind === 'move') insert(row);
      }
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
    const view = this.#version.views.find(({ def }) => def.name === name);
    return view
      ? this.#distinct(name, answer(this.#queryOf(view), this.#all, this.#senderOf(view, sender)))
      : this.#rows(name);
  };

  #visible: RowsOf = (name, sender) => {
    const rules = this.#version.rules.filter(({ table }) => table === name);
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
    const view = this.#version.views.find((view) => view.def === def) as ModelView;
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

  #table(name: string): ModuleTable {
    return this.#version.tables.find((table) => table.name === name) as ModuleTable;
  }

  #rowType(name: string): ModuleTable['row'] {
    const view = this.#version.views.find(({ def }) => def.name === name)?.def;
    return (view ?? this.#table(name)).row;
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

const requiresIndexes = 'Subscriptions require indexes on join columns';

function isForIndexes(error: unknown): boolean {
  return error instanceof QueryRejection && error.message.includes(requiresIndexes);
}

test.each([
  ['tables', { views: false, rules: false }],
  ['tables with rules of row-level security', { views: false, rules: true }],
  ['tables and views', { views: true, rules: false }],
  ['tables and views with rules', { views: true, rules: true }],
])('[QS14] after every commit each replica equals a fresh evaluation: %s', (_, has) => {
  fc.assert(
    fc.property(worldOf(has), (world) => new Check(world).run()),
    { numRuns: 100 },
  );
});

test('[QS14] after every commit each replica equals a fresh evaluation: windows of tables that grow and shrink', () => {
  fc.assert(
    fc.property(largeWorld, (world) => new Check(world).run()),
    { numRuns: 80 },
  );
});
