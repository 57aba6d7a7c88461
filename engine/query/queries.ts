import type { Catalog, CatalogTable } from '../module/catalog.ts';
import type { TableChange, TableReader } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import type { Select } from './ast.ts';
import type {
  Caller,
  EndedQuerySet,
  EvaluateView,
  Queries,
  QueryResult,
  QuerySetUpdate,
  Script,
  Subscriber,
  TableRows,
} from './contract.ts';
import { Effort, joinedRowsDefault } from './effort.ts';
import type { Names } from './names.ts';
import { parseStatement } from './parser.ts';
import { rightsOf } from './planner.ts';
import { naming, QueryRejection } from './rejection.ts';
import { type ReaderOf, Relations } from './relations.ts';
import { prepareScript, type ScriptHost } from './script.ts';
import { runSelect } from './select.ts';
import type { Source } from './source.ts';
import { LiveQueries } from './subscriptions.ts';

export type { Queries } from './contract.ts';

interface QueriesParts {
  readonly catalog: Catalog;
  readonly reader: ReaderOf;
  /** Runs views of the newest catalog. */
  readonly evaluateView: EvaluateView;
  /** How many rows one query may join. Default: 20,000,000. */
  readonly joinedRowsMax?: number;
  /** As of WriteHost. Default: there is no limit. */
  readonly requireTime?: () => void;
}

/** @throws QueryRejection when a rule of row-level security cannot be used */
export function createQueries(parts: QueriesParts): DatabaseQueries {
  return new DatabaseQueries(parts);
}

/** Checks a module's rules of row-level security before anything is changed for it. @throws QueryRejection */
export function checkRules(catalog: Catalog): void {
  new Relations(catalog, () => undefined);
}

export class DatabaseQueries implements Queries, ScriptHost {
  #relations: Relations;
  readonly #reader: ReaderOf;
  readonly #live: LiveQueries;
  readonly #newEffort: () => Effort;
  readonly requireTime: () => void;
  /** Kept in memory only: a restart lifts it. */
  rowLimit: number | undefined;

  constructor({ catalog, reader, evaluateView, joinedRowsMax = joinedRowsDefault, requireTime }: QueriesParts) {
    this.requireTime = requireTime ?? (() => {});
    this.#relations = new Relations(catalog, reader);
    this.#reader = reader;
    this.#newEffort = () => new Effort(joinedRowsMax);
    this.#live = new LiveQueries(this.#relations, evaluateView, this.#newEffort);
  }

  /** Counts of what live queries keep, for tests and metrics. */
  get size(): LiveQueries['size'] {
    return this.#live.size;
  }

  get names(): Names {
    return this.#relations.names;
  }

  source(table: CatalogTable): Source {
    return this.#relations.source(table);
  }

  reader(table: TableId): TableReader | undefined {
    return this.#reader(table);
  }

  subscribe(subscriber: Subscriber, caller: Caller, querySetId: number, queries: readonly string[]): TableRows[] {
    return this.#live.subscribe(subscriber, caller, querySetId, queries, this.#rowsMax(caller));
  }

  unsubscribe(subscriber: Subscriber, querySetId: number): TableRows[] {
    return this.#live.unsubscribe(subscriber, querySetId);
  }

  remove(subscriber: Subscriber): void {
    this.#live.remove(subscriber);
  }

  prepare(changes: readonly TableChange[]): void {
    this.#live.prepare(changes);
  }

  discard(): void {
    this.#live.discard();
  }

  publish(changes: readonly TableChange[]): ReadonlyMap<Subscriber, QuerySetUpdate[]> {
    return this.#live.publish(changes);
  }

  query(caller: Caller, sql: string): QueryResult {
    return naming(sql, () => {
      const statement = parseStatement(sql);
      if (statement.kind !== 'select' || !['all', 'relation'].includes(statement.projection.kind)) {
        throw new QueryRejection('unsupported', 'One-off queries return whole rows of one relation: SELECT * FROM t');
      }
      return this.select(statement, caller);
    });
  }

  script(caller: Caller, text: string): Script {
    return prepareScript(this, caller, text);
  }

  select(select: Select, caller: Caller, isInside = false): QueryResult {
    const meaning = this.#live.meaning(caller, isInside ? 'inside' : 'once');
    const result = runSelect(this.names, select, rightsOf(caller), meaning, this.#newEffort(), this.#rowsMax(caller));
    if (!isInside) this.#live.keep(meaning);
    return result;
  }

  replaceCatalog(catalog: Catalog): EndedQuerySet[] {
    const relations = new Relations(catalog, this.#reader);
    this.#relations = relations;
    return this.#live.replace(relations);
  }

  #rowsMax({ isOwner }: Caller): number {
    return isOwner ? Number.POSITIVE_INFINITY : (this.rowLimit ?? Number.POSITIVE_INFINITY);
  }
}
