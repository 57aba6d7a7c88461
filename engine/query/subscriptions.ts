import type { TableChange } from '../store/contract.ts';
import type { Select } from './ast.ts';
import type {
  Caller,
  EndedQuerySet,
  EvaluateView,
  QuerySetUpdate,
  RowList,
  Subscriber,
  Subscriptions,
  TableRows,
} from './contract.ts';
import { CommitRows } from './delta.ts';
import type { Effort } from './effort.ts';
import type { Group, PlannedQuery } from './group.ts';
import { Groups } from './groups.ts';
import { parseStatement } from './parser.ts';
import { CallersMeaning, type Purpose, planRows, rightsOf } from './planner.ts';
import { nameOfQuery, resolveSubscription } from './query.ts';
import type { Entry, QuerySet } from './query-set.ts';
import { naming, QueryRejection } from './rejection.ts';
import type { Relations } from './relations.ts';
import { encodeRowList } from './rowlist.ts';
import { Differences, encodeUpdate, Updates } from './updates.ts';
import { isSameLayout } from './value.ts';
import { type ViewInstance, Views } from './views.ts';

/** All live queries of one database. */
export class LiveQueries implements Subscriptions {
  #relations: Relations;
  readonly #evaluateView: EvaluateView;
  readonly #newEffort: () => Effort;
  #views: Views<Entry>;
  #groups = new Groups<Entry>();
  readonly #querySets = new Map<Subscriber, Map<number, QuerySet>>();
  /** Rows of groups since the last commit, so that many who ask for the same at once cost one evaluation. */
  readonly #current = new Map<Group<Entry>, RowList>();
  /** What an update of the module changed and the next commit delivers. */
  #owed = new Updates();

  /** @param newEffort what one query may cost when it is new */
  constructor(relations: Relations, evaluateView: EvaluateView, newEffort: () => Effort) {
    this.#relations = relations;
    this.#evaluateView = evaluateView;
    this.#newEffort = newEffort;
    this.#views = new Views(relations, evaluateView);
  }

  /** Counts of what is kept, for tests and metrics. */
  get size(): { readonly groups: number; readonly templates: number; readonly views: number } {
    return { ...this.#groups.size, views: this.#views.size };
  }

  meaning(caller: Caller, purpose: Purpose): CallersMeaning<Entry> {
    return new CallersMeaning(this.#relations, this.#views, caller, purpose);
  }

  /** Keeps the views that a query opened, for the next one. */
  keep({ instances }: CallersMeaning<Entry>): void {
    for (const instance of instances.values()) this.#views.keep(instance);
  }

  subscribe(
    subscriber: Subscriber,
    caller: Caller,
    querySetId: number,
    queries: readonly string[],
    rowsMax = Number.POSITIVE_INFINITY,
  ): TableRows[] {
    const querySets = this.#querySets.get(subscriber) ?? new Map<number, QuerySet>();
    if (querySets.has(querySetId)) {
      throw new QueryRejection('duplicate-query-set', `the query set ${querySetId} exists already: use another id`);
    }
    const querySet: QuerySet = { subscriber, caller, id: querySetId, names: new Set(), entries: [] };
    try {
      for (const sql of queries) naming(sql, () => this.#addQuery(querySet, sql));
      const rows = this.#rowsOf(querySet, true);
      requireAtMost(rowsMax, rows);
      querySets.set(querySetId, querySet);
      this.#querySets.set(subscriber, querySets);
      return rows;
    } catch (error) {
      this.#leave(querySet);
      throw error;
    }
  }

  unsubscribe(subscriber: Subscriber, querySetId: number): TableRows[] {
    const querySet = this.#querySets.get(subscriber)?.get(querySetId);
    if (querySet === undefined) {
      throw new QueryRejection('no-such-query-set', `there is no query set ${querySetId} to unsubscribe from`);
    }
    const rows = this.#rowsOf(querySet, false);
    this.#forget(querySet);
    return rows;
  }

  remove(subscriber: Subscriber): void {
    for (const querySet of this.#querySets.get(subscriber)?.values() ?? []) this.#forget(querySet);
  }

  prepare(changes: readonly TableChange[]): void {
    if (this.#views.size > 0) this.#views.prepare(changes);
  }

  discard(): void {
    this.#views.discard();
  }

  publish(changes: readonly TableChange[]): ReadonlyMap<Subscriber, QuerySetUpdate[]> {
    if (this.#querySets.size === 0 && this.#views.size === 0) return noUpdates;
    this.#current.clear();
    const updates = this.#owed;
    this.#owed = new Updates();
    const commit = new CommitRows();
    const tables = this.#relations.begin(changes);
    const { changed, switched } = this.#views.begin();
    const movers = this.#detach(switched);
    for (const group of this.#groups.run([...tables, ...changed], commit)) {
      const update = encodeUpdate(group.query, group.take(), commit);
      if (update === undefined) continue;
      for (const { querySet } of group.members) updates.add(querySet, update);
    }
    for (const become of switched.values()) become();
    this.#move(movers, new Differences(commit), updates);
    for (const table of tables) table.change = undefined;
    this.#views.end();
    return updates.bySubscriber();
  }

  /**
   * Goes over to the next version of the module.
   * @returns the query sets that it does not allow any more
   */
  replace(relations: Relations): EndedQuerySet[] {
    this.#relations.retire(relations.catalog);
    this.#relations = relations;
    this.#views = this.#views.successor(relations, this.#evaluateView);
    this.#groups = new Groups();
    this.#current.clear();
    const differences = new Differences(new CommitRows());
    const ended: EndedQuerySet[] = [];
    for (const querySet of [...this.#querySets.values()].flatMap((sets) => [...sets.values()])) {
      const before = querySet.entries.splice(0);
      try {
        for (const entry of before) naming(entry.sql, () => this.#carryOver(querySet, entry, differences));
      } catch (error) {
        if (!(error instanceof QueryRejection)) throw error;
        this.#forget(querySet);
        ended.push({ subscriber: querySet.subscriber, querySetId: querySet.id, message: error.message });
      }
    }
    return ended;
  }

  #addQuery(querySet: QuerySet, sql: string): void {
    const statement = parseStatement(sql);
    switch (statement.kind) {
      case 'select':
        this.#addEntry(querySet, sql, statement);
        return;
      case 'everything':
        for (const { declared } of this.#relations.publicTables()) {
          this.#addEntry(querySet, sql, everythingOf(declared.name));
        }
        return;
      default:
        throw new QueryRejection('unsupported', 'Subscriptions take SELECT only');
    }
  }

  #addEntry(querySet: QuerySet, sql: string, select: Select): void {
    const planned = this.#plan(querySet.caller, select);
    const { size } = querySet.names;
    if (querySet.names.add(planned.name).size > size) this.#join(querySet, sql, select, planned);
  }

  #join(querySet: QuerySet, sql: string, select: Select, { query, instances }: PlannedEntry): void {
    const entry: Entry = { querySet, sql, select, instances, group: this.#groups.open(query, this.#newEffort()) };
    entry.group.members.add(entry);
    querySet.entries.push(entry);
    for (const instance of instances) this.#views.use(instance, entry);
  }

  #carryOver(querySet: QuerySet, { sql, select, group }: Entry, differences: Differences): void {
    const planned = this.#plan(querySet.caller, select);
    const before = group.query;
    const { query } = planned;
    if (!isSameLayout(before.row, query.row)) {
      throw new QueryRejection('unsupported', `the rows of \`${query.table}\` have other columns now: connect again`);
    }
    this.#join(querySet, sql, select, planned);
    if (before.key === query.key) return;
    const update = differences.between(before, 'now', query);
    if (update) this.#owed.add(querySet, update);
  }

  #plan(caller: Caller, select: Select): PlannedEntry {
    const meaning = this.meaning(caller, 'live');
    const resolved = resolveSubscription(this.#relations.names, select, rightsOf(caller));
    const query = planRows(resolved, meaning);
    return { name: nameOfQuery(resolved), query, instances: [...meaning.instances.values()] };
  }

  #forget(querySet: QuerySet): void {
    const querySets = this.#querySets.get(querySet.subscriber);
    querySets?.delete(querySet.id);
    if (querySets?.size === 0) this.#querySets.delete(querySet.subscriber);
    this.#owed.forget(querySet);
    this.#leave(querySet);
  }

  #leave(querySet: QuerySet): void {
    for (const entry of querySet.entries) {
      this.#leaveGroup(entry);
      for (const instance of entry.instances) this.#views.drop(instance, entry);
    }
  }

  #leaveGroup(entry: Entry): void {
    this.#groups.leave(entry.group, entry);
    if (entry.group.members.size === 0) this.#current.delete(entry.group);
  }

  /** @param isNew whether the rows may still turn out to be too many to find */
  #rowsOf(querySet: QuerySet, isNew: boolean): TableRows[] {
    return querySet.entries.map(({ group, sql }) => {
      return { table: group.query.table, rows: naming(sql, () => this.#currentRows(group, isNew)) };
    });
  }

  #currentRows(group: Group<Entry>, isNew: boolean): RowList {
    let rows = this.#current.get(group);
    if (rows === undefined) {
      rows = encodeRowList(group.rows(isNew ? this.#newEffort() : undefined));
      this.#current.set(group, rows);
    }
    return rows;
  }

  /** Takes the entries of views that became another query out of their groups, so that those do not reach them. */
  #detach(switched: ReadonlyMap<ViewInstance<Entry>, unknown>): Set<Entry> {
    const movers = new Set<Entry>();
    for (const instance of switched.keys()) for (const entry of instance.users) movers.add(entry);
    for (const entry of movers) this.#leaveGroup(entry);
    return movers;
  }

  /** Gives each mover what turns its old rows before the commit into its new rows now. */
  #move(movers: ReadonlySet<Entry>, differences: Differences, updates: Updates): void {
    for (const entry of movers) {
      const before = entry.group.query;
      const { query } = this.#plan(entry.querySet.caller, entry.select);
      entry.group = this.#groups.open(query);
      entry.group.members.add(entry);
      const update = differences.between(before, 'before', query);
      if (update) updates.add(entry.querySet, update);
    }
  }
}

const noUpdates: ReadonlyMap<Subscriber, QuerySetUpdate[]> = new Map();

function requireAtMost(rowsMax: number, tables: readonly TableRows[]): void {
  const rowCount = tables.reduce((sum, { rows }) => sum + rows.rowCount, 0);
  if (rowCount <= rowsMax) return;
  throw new QueryRejection(
    'row-limit',
    `the queries return ${rowCount} rows, more than the row_limit of ${rowsMax}: narrow them down`,
  );
}

function everythingOf(table: string): Select {
  return {
    kind: 'select',
    projection: { kind: 'all' },
    from: [{ name: { text: table, at: 0 }, alias: table }],
    on: [],
    where: undefined,
    orderBy: [],
    limit: undefined,
  };
}

interface PlannedEntry {
  readonly name: string;
  readonly query: PlannedQuery;
  readonly instances: readonly ViewInstance<Entry>[];
}
