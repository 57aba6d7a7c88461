import type { QuerySetUpdate, Subscriber, TableUpdate } from './contract.ts';
import { type CommitRows, type NetRows, SummedDelta } from './delta.ts';
import { type PlannedQuery, rowsOf } from './group.ts';
import type { QuerySet } from './query-set.ts';
import { noRows } from './rowlist.ts';

/** What one commit sends, by query set. */
export class Updates {
  readonly #bySet = new Map<QuerySet, TableUpdate[]>();

  add(querySet: QuerySet, update: TableUpdate): void {
    const updates = this.#bySet.get(querySet);
    if (updates) updates.push(update);
    else this.#bySet.set(querySet, [update]);
  }

  forget(querySet: QuerySet): void {
    this.#bySet.delete(querySet);
  }

  bySubscriber(): Map<Subscriber, QuerySetUpdate[]> {
    const bySubscriber = new Map<Subscriber, QuerySetUpdate[]>();
    for (const [{ subscriber, id }, tables] of this.#bySet) {
      const update: QuerySetUpdate = { querySetId: id, tables };
      const updates = bySubscriber.get(subscriber);
      if (updates) updates.push(update);
      else bySubscriber.set(subscriber, [update]);
    }
    return bySubscriber;
  }
}

/** @returns undefined when there is nothing to send */
export function encodeUpdate(query: PlannedQuery, net: NetRows, commit: CommitRows): TableUpdate | undefined {
  const { table, isEvent } = query;
  const inserts = commit.encode(net.inserts);
  const deletes = isEvent ? noRows : commit.encode(net.deletes);
  return inserts.rowCount + deletes.rowCount === 0 ? undefined : { table, isEvent, inserts, deletes };
}

/** Computes what turns the rows of one query into those of another, once for each pair. */
export class Differences {
  readonly #commit: CommitRows;
  readonly #known = new Map<string, TableUpdate | undefined>();

  constructor(commit: CommitRows) {
    this.#commit = commit;
  }

  /** @param when which rows of `from` the client has: those before the commit that is being published, or those of now */
  between(from: PlannedQuery, when: 'before' | 'now', to: PlannedQuery): TableUpdate | undefined {
    const key = `${from.key}\n\n${to.key}`;
    if (!this.#known.has(key)) {
      const delta = new SummedDelta(this.#commit);
      for (const row of rowsOf(from, when)) delta.add(row, -1);
      for (const row of rowsOf(to, 'now')) delta.add(row, 1);
      this.#known.set(key, encodeUpdate(to, delta.net(), this.#commit));
    }
    return this.#known.get(key);
  }
}
