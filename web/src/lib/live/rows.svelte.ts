import type { DbConnection } from '$bindings/index.ts';
import { forget, keep as keepRows, recall } from './kept.ts';
import type { Detach, Link } from './link.svelte.ts';
import { nameOf, Refusal } from './refusals.svelte.ts';

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
  /** The name under which this browser keeps the rows, for when the hub does not answer; not kept without one. */
  readonly keptAs?: string;
  /** How many rows are kept: the last ones. Default: all. */
  readonly keptMax?: number;
}

/** How long rows may change before they are kept again. */
const keepAfterMs = 2000;

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
  /** Of the query, while the hub refuses it. */
  readonly refusal: Refusal;
  readonly #link: Link;
  readonly #source: RowsOf<Row>;
  #detach: () => void;
  #keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(link: Link, source: RowsOf<Row>) {
    this.#link = link;
    this.#source = source;
    this.refusal = new Refusal(link.refusals, nameOf(source.query), () => this.#again());
    const kept = source.keptAs === undefined ? undefined : recall<readonly Row[]>(source.keptAs);
    if (kept) {
      this.list = kept;
      this.isLoaded = true;
    }
    this.#detach = this.#attach();
  }

  stop(): void {
    this.#detach();
    this.refusal.end();
  }

  #attach(): () => void {
    return this.#link.attach((connection) => this.#follow(connection, this.#source, this.#link.catchingUp.begin()));
  }

  #again(): void {
    this.#detach();
    this.#detach = this.#attach();
  }

  /** Forgets the rows, when they belong to somebody who has signed out. */
  clear(): void {
    this.list = [];
    this.isCurrent = false;
    this.isLoaded = false;
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    if (this.#source.keptAs !== undefined) forget(this.#source.keptAs);
  }

  #keepSoon(): void {
    const { keptAs, keptMax = Number.POSITIVE_INFINITY } = this.#source;
    if (keptAs === undefined) return;
    this.#keeping ??= setTimeout(() => {
      this.#keeping = undefined;
      keepRows(keptAs, this.list.slice(Math.max(0, this.list.length - keptMax)));
    }, keepAfterMs);
  }

  #follow(connection: DbConnection, { table, query, keep }: RowsOf<Row>, caughtUp: () => void): Detach {
    const replica = table(connection.db);
    let isFollowing = true;
    let isScheduled = false;
    this.isCurrent = false;
    this.refusal.end();

    const read = (): void => {
      isScheduled = false;
      if (!isFollowing || !this.isCurrent) return;
      const rows = [...replica.iter()];
      this.list = keep ? rows.filter(keep) : rows;
      this.#keepSoon();
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
        caughtUp();
        this.isCurrent = true;
        this.isLoaded = true;
        read();
      })
      .onError((context) => {
        caughtUp();
        if (!isFollowing) return;
        this.isCurrent = false;
        this.refusal.begin(context.event?.message);
      })
      .subscribe(query);

    return () => {
      isFollowing = false;
      caughtUp();
      this.isCurrent = false;
      replica.removeOnInsert(changed);
      replica.removeOnDelete(changed);
      replica.removeOnUpdate?.(changed);
      if (!subscription.isEnded() && connection.isActive) subscription.unsubscribe();
    };
  }
}
