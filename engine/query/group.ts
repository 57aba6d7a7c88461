import type { ProductType } from '../bsatn/type.ts';
import { type CommitRows, type Delta, type NetRows, PlainDelta, SummedDelta } from './delta.ts';
import type { Plan } from './plan.ts';
import { evaluate } from './steps.ts';
import type { Slot, Template } from './template.ts';

/** A query as it is run: the rows of all its plans together, under one table name. */
export interface PlannedQuery {
  /** Equal for queries that always have the same rows and the same name. */
  readonly key: string;
  readonly table: string;
  readonly row: ProductType;
  readonly isEvent: boolean;
  readonly plans: readonly Plan[];
}

/** Everybody who asked for the same rows: they are found and encoded once. */
export class Group<Member = unknown> {
  readonly query: PlannedQuery;
  readonly members = new Set<Member>();
  /** Where its plans are kept current. */
  readonly places: { readonly template: Template; readonly slot: Slot }[] = [];
  #delta: Delta | undefined;

  constructor(query: PlannedQuery) {
    this.query = query;
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
    return net;
  }

  get #isPlain(): boolean {
    const [plan, second] = this.query.plans;
    return second === undefined && plan?.sources.length === 1;
  }
}

/** The rows of a query, now or before the commit that is being published. Views into the heap: copy what is kept. */
export function visitRows(
  query: PlannedQuery,
  when: 'now' | 'before',
  visit: (row: Uint8Array, weight: number) => void,
): void {
  for (const plan of query.plans) {
    evaluate(plan, when, (tuple, weight) => {
      visit(tuple[plan.output] as Uint8Array, weight);
      return true;
    });
  }
}
