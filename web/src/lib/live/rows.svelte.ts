import type { DbConnection } from '$bindings/index.ts';
import type { Detach, Link } from './link.svelte.ts';

/** What is used of a table of the SDK's replica. */
export interface ReplicaTable<Row> {
  iter(): Iterable<Row>;
  onInsert(listener: () => void): void;
  onDelete(listener: () => void): void;
  onUpdate?(listener: () => void): void;
  removeOnInsert(listener: () => void): void;
  removeOnDelete(listener: () => void): void;
  removeOnUpdate?(listener: () => void): void;
}

export interface RowsOf<Row> {
  readonly table: (db: DbConnection['db']) => ReplicaTable<Row>;
  /** SQL. */
  readonly query: string;
  /** Other subscriptions may put further rows into the same table of the replica. */
  readonly keep?: (row: Row) => boolean;
}

/**
 * The rows of one query, live. While the link is down the last known rows stay; `isCurrent` then says that they may be
 * stale.
 */
export class LiveRows<Row> {
  list: readonly Row[] = $state.raw([]);
  /** Whether the hub keeps these rows up to date at this moment. */
  isCurrent = $state(false);
  /** Whether the rows have ever arrived. */
  isLoaded = $state(false);
  /** What the hub said when it refused the query; empty otherwise. */
  error = $state('');
  readonly stop: () => void;

  constructor(link: Link, source: RowsOf<Row>) {
    this.stop = link.attach((connection) => this.#follow(connection, source));
  }

  /** Forgets the rows, when they belong to somebody who has signed out. */
  clear(): void {
    this.list = [];
    this.isCurrent = false;
    this.isLoaded = false;
  }

  #follow(connection: DbConnection, { table, query, keep }: RowsOf<Row>): Detach {
    const replica = table(connection.db);
    let isFollowing = true;
    let isScheduled = false;
    this.isCurrent = false;

    const read = (): void => {
      isScheduled = false;
      if (!isFollowing || !this.isCurrent) return;
      const rows = [...replica.iter()];
      this.list = keep ? rows.filter(keep) : rows;
    };
    // One message of the hub may change many rows: they are read once, after all of them.
    const changed = (): void => {
      if (isScheduled) return;
      isScheduled = true;
      queueMicrotask(read);
    };

    replica.onInsert(changed);
    replica.onDelete(changed);
    replica.onUpdate?.(changed);
    const subscription = connection
      .subscriptionBuilder()
      .onApplied(() => {
        if (!isFollowing) return;
        this.isCurrent = true;
        this.isLoaded = true;
        this.error = '';
        read();
      })
      .onError((context) => {
        this.error = context.event?.message ?? '';
      })
      .subscribe(query);

    return () => {
      isFollowing = false;
      this.isCurrent = false;
      replica.removeOnInsert(changed);
      replica.removeOnDelete(changed);
      replica.removeOnUpdate?.(changed);
      if (!subscription.isEnded() && connection.isActive) subscription.unsubscribe();
    };
  }
}
