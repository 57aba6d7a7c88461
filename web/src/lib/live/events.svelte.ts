import type { DbConnection } from '$bindings/index.ts';
import type { Link } from './link.svelte.ts';
import { nameOf, Refusal } from './refusals.svelte.ts';

/** What is used of an event table of the SDK, which hands its rows on and keeps none. */
interface EventTable<Row> {
  onInsert(listener: (context: unknown, row: Row) => void): void;
  removeOnInsert(listener: (context: unknown, row: Row) => void): void;
}

export interface EventsOf<Row> {
  readonly table: (db: DbConnection['db']) => EventTable<Row>;
  /** SQL. */
  readonly query: string;
  /** Other subscriptions may bring further rows of the same table. */
  readonly keep: (row: Row) => boolean;
  /** How many of the newest are remembered. */
  readonly countMax: number;
}

/** The newest events of one query that passed by since somebody looks, oldest first. */
export class LiveEvents<Row> {
  list: readonly Row[] = $state.raw([]);
  readonly stop: () => void;

  constructor(link: Link, { table, query, keep, countMax }: EventsOf<Row>) {
    const attach = (): (() => void) =>
      link.attach((connection) => {
        refusal.end();
        const events = table(connection.db);
        const onInsert = (_: unknown, row: Row): void => {
          if (keep(row)) this.list = [...this.list, row].slice(-countMax);
        };
        events.onInsert(onInsert);
        const subscription = connection
          .subscriptionBuilder()
          .onError((context) => refusal.begin(context.event?.message))
          .subscribe(query);
        return () => {
          events.removeOnInsert(onInsert);
          if (!subscription.isEnded() && connection.isActive) subscription.unsubscribe();
        };
      });
    const refusal = new Refusal(link.refusals, nameOf(query), () => {
      detach();
      detach = attach();
    });
    let detach = attach();
    this.stop = () => {
      detach();
      refusal.end();
    };
  }
}
