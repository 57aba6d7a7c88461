import { Reader, readValue } from '../sats/bsatn.ts';
import { valueText } from '../sats/text.ts';
import type { Value } from '../sats/type.ts';
import type { Relation } from '../schema.ts';
import type { Link } from './link.svelte.ts';
import { compareValues } from './order.ts';

export interface Row {
  /** Stays when the row changes, as long as its primary key does. */
  readonly id: string;
  readonly values: readonly Value[];
  /** What happened to it while it was watched. */
  readonly mark: '' | 'new' | 'changed';
  /** When, in milliseconds since the epoch. */
  readonly markedAt: number;
}

/** Which rows, in which order. */
export interface RowQuery {
  readonly sql: string;
  /** What they are chosen by; empty for all. */
  readonly where: string;
  /** How many there are at most. */
  readonly limit: number;
  /** The column's position; undefined leaves the rows as they come. */
  readonly order: { readonly column: number; readonly isDescending: boolean } | undefined;
}

/** Of rows that pass by, the newest are kept in view. */
const eventsMax = 1000;
const paintMs = 40;

/** The rows of one query, live. When the query changes, the rows of the old one stay until those of the new one are there. */
export class LiveRows {
  list: readonly Row[] = $state.raw([]);
  /** What `list` answers. */
  query: RowQuery | undefined = $state.raw();
  /** Whether the host keeps these rows up to date at this moment. */
  isCurrent = $state(false);
  /** What the host said when it refused the newest query; empty otherwise. */
  error = $state('');
  readonly #link: Link;
  readonly #relation: Relation;
  /** By the row's bytes; a row may occur several times. */
  #rows = new Map<string, { row: Row; count: number }>();
  #stop = () => {};
  #stopNext = () => {};
  #isScheduled = false;
  #eventCount = 0;

  constructor(link: Link, relation: Relation) {
    this.#link = link;
    this.#relation = relation;
  }

  ask(query: RowQuery): void {
    this.#stopNext();
    let isFirst = true;
    const stop = this.#link.subscribe(query.sql, {
      applied: (rows) => {
        if (isFirst) {
          if (this.#stop !== stop) this.#stop();
          this.#stop = stop;
          this.#stopNext = () => {};
          isFirst = false;
        }
        this.query = query;
        this.error = '';
        this.isCurrent = true;
        if (!this.#relation.isEvent) this.#rows.clear();
        for (const bytes of rows) this.#add(bytes, '');
        this.#show();
      },
      changed: (inserts, deletes) => {
        if (isFirst) return;
        const gone = new Set(deletes.map((bytes) => this.#remove(bytes)));
        for (const bytes of inserts) this.#add(bytes, gone);
        this.#schedule();
      },
      refused: (message) => {
        this.error = message;
        if (!isFirst) this.isCurrent = false;
      },
      lost: () => {
        this.isCurrent = false;
      },
    });
    this.#stopNext = stop;
  }

  stop(): void {
    this.#stopNext();
    this.#stop();
  }

  /** @param gone the ids that went in the same change, or why there is no mark */
  #add(bytes: Uint8Array, gone: ReadonlySet<string> | ''): void {
    const { row: type, primaryKey, isEvent } = this.#relation;
    const key = isEvent ? `${this.#eventCount++}` : keyOf(bytes);
    const known = this.#rows.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const values = readValue(type, new Reader(bytes)) as readonly Value[];
    const column = primaryKey === undefined ? undefined : type.fields[primaryKey];
    const id =
      column === undefined || primaryKey === undefined || isEvent
        ? key
        : valueText(column.type, values[primaryKey] as Value);
    const mark = gone === '' ? '' : gone.has(id) ? 'changed' : 'new';
    this.#rows.set(key, { row: { id, values, mark, markedAt: Date.now() }, count: 1 });
    if (isEvent && this.#rows.size > eventsMax) this.#rows.delete(this.#rows.keys().next().value ?? '');
  }

  /** @returns the row's id */
  #remove(bytes: Uint8Array): string {
    const key = keyOf(bytes);
    const known = this.#rows.get(key);
    if (known === undefined) return '';
    known.count -= 1;
    if (known.count === 0) this.#rows.delete(key);
    return known.row.id;
  }

  /** Changes that come close together are shown together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => this.#show(), paintMs);
  }

  #show(): void {
    this.#isScheduled = false;
    const rows = [...this.#rows.values()].map(({ row }) => row);
    const order = this.query?.order;
    if (this.#relation.isEvent) rows.reverse();
    else if (order !== undefined) {
      const sign = order.isDescending ? -1 : 1;
      const at = order.column;
      rows.sort((a, b) => sign * compareValues(a.values[at] as Value, b.values[at] as Value) || (a.id < b.id ? -1 : 1));
    }
    this.list = rows;
  }
}

function keyOf(bytes: Uint8Array): string {
  let key = '';
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}
