import type { ProductType } from '../bsatn/type.ts';
import { CommitRows, type Delta, type NetRows, PlainDelta, SummedDelta } from './delta.ts';
import type { Effort } from './effort.ts';
import type { Plan } from './plan.ts';
import type { Slot } from './slots.ts';
import { type Emit, evaluate } from './steps.ts';
import type { Template } from './template.ts';
import { FirstRows, type RowWindow } from './window.ts';

/** A query as it is run: the rows of all its plans together, under one table name. */
export interface PlannedQuery {
  /** Equal for queries that always have the same rows and the same name. */
  readonly key: string;
  readonly table: string;
  readonly row: ProductType;
  readonly isEvent: boolean;
  readonly plans: readonly Plan[];
  readonly window: RowWindow | undefined;
}

/** Everybody who asked for the same rows: they are found and encoded once. */
export class Group<Member = unknown> {
  readonly query: PlannedQuery;
  readonly members = new Set<Member>();
  /** Where its plans are kept current. */
  readonly places: { readonly template: Template; readonly slot: Slot }[] = [];
  readonly #first: FirstRows | undefined;
  #delta: Delta | undefined;

  /** @param effort what finding the first rows of a window may cost @throws QueryRejection `too-large` */
  constructor(query: PlannedQuery, effort?: Effort) {
    this.query = query;
    let bound = effort;
    this.#first = query.window && new FirstRows(query.window, (visit) => visitRows(query, visit, bound));
    // Once it is kept, it is kept to its end.
    bound = undefined;
  }

  /** The rows now. Views into the heap: copy what is kept. @throws QueryRejection `too-large` beyond the effort */
  rows(effort?: Effort): readonly Uint8Array[] {
    return this.#first?.rows ?? allRows(this.query, 'now', effort);
  }

  /** Notes a change of the commit that is being published. @returns whether it is the first */
  add(row: Uint8Array, weight: number, commit: CommitRows): boolean {
    const isFirst = this.#delta === undefined;
    this.#delta ??= this.#isPlain ? new PlainDelta() : new SummedDelta(commit);
    this.#delta.add(row, weight);
    return isFirst;
  }

  /** What the commit changed; forgets it. */
  take(): NetRows {
    const net = this.#delta?.net() ?? { inserts: [], deletes: [] };
    this.#delta = undefined;
    return this.#first?.apply(net) ?? net;
  }

  get #isPlain(): boolean {
    const [plan, second] = this.query.plans;
    return second === undefined && plan?.sources.length === 1;
  }
}

/** The rows of a query, now or before the commit that is being published. Views into the heap: copy what is kept. */
export function rowsOf(query: PlannedQuery, when: 'now' | 'before'): readonly Uint8Array[] {
  const rows = allRows(query, when);
  return query.window ? new FirstRows(query.window, (visit) => rows.forEach(visit)).rows : rows;
}

/** Visits the rows now. */
function visitRows({ plans }: PlannedQuery, visit: (row: Uint8Array) => void, effort?: Effort): void {
  for (const plan of plans) {
    const emit: Emit = (tuple) => {
      visit(tuple[plan.output] as Uint8Array);
      return true;
    };
    evaluate(plan, 'now', emit, effort);
  }
}

function allRows({ plans }: PlannedQuery, when: 'now' | 'before', effort?: Effort): Uint8Array[] {
  const rows: Uint8Array[] = [];
  // Before the commit, rows are those of now without what it inserted: the sum tells which remain.
  const sum = when === 'before' ? new SummedDelta(new CommitRows()) : undefined;
  for (const plan of plans) {
    const emit: Emit = (tuple, weight) => {
      const row = tuple[plan.output] as Uint8Array;
      if (sum) sum.add(row, weight);
      else rows.push(row);
      return true;
    };
    evaluate(plan, when, emit, effort);
  }
  return sum ? [...sum.net().inserts] : rows;
}
