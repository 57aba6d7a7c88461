import { untrack } from 'svelte';
import type { Link } from '../live/link.svelte.ts';
import type { Event } from '../live/model.ts';
import { LiveRows } from '../live/rows.svelte.ts';
import { type EventFilter, matches, queryOf } from './filter.ts';

const stepCount = 200;
const countMax = 5000;

/** The newest events that fit a filter, live; more of them on demand. */
export class EventWindow {
  #most = $state(stepCount);
  #rows: LiveRows<Event> | undefined = $state.raw();
  #before: readonly Event[] = $state.raw([]);
  readonly #link: Link;

  readonly isLoaded = $derived(this.#rows?.isLoaded ?? false);
  readonly isCurrent = $derived(this.#rows?.isCurrent ?? false);
  readonly refusal = $derived(this.#rows?.refusal);
  /** Newest first. */
  readonly list: readonly Event[] = $derived(
    (this.#rows?.isLoaded ? this.#rows.list : this.#before).toSorted((a, b) => (a.id < b.id ? 1 : -1)),
  );
  readonly hasOlder = $derived(this.isLoaded && this.list.length >= this.#most && this.#most < countMax);

  constructor(link: Link) {
    this.#link = link;
  }

  /** Follows what fits, until the returned function is called. */
  follow(tenantId: bigint, filter: EventFilter): () => void {
    const keep = (event: Event): boolean => matches(event, tenantId, filter);
    const query = queryOf(tenantId, filter, this.#most);
    // What goes on in the link is not what is followed.
    const rows = untrack(() => new LiveRows<Event>(this.#link, { table: (db) => db.events, query, keep }));
    this.#rows = rows;
    return () => {
      this.#before = rows.list;
      rows.stop();
    };
  }

  more(): void {
    this.#most = Math.min(this.#most + stepCount, countMax);
  }
}
