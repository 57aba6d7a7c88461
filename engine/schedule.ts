import type { TableId } from './store/definition.ts';

/** One row of a scheduled table that waits for its time. */
export interface Scheduled {
  readonly table: TableId;
  /** The row's primary key as BSATN in latin1: names the row inside its table. */
  readonly key: string;
  /** When it is to fire, by the clock of its schedule. */
  readonly dueMicros: bigint;
  /** How often it fires; undefined for once. */
  readonly intervalMicros: bigint | undefined;
}

/** `turn`: of those that are due at one moment, who was added first comes first. */
type Waiting = Scheduled & { readonly turn: number };

/** Entries that may wait in vain beside those that count. */
const staleSlack = 64;

/** The rows that wait, the earliest first, and of one moment those that began to wait first. Knows nothing of clocks: whoever owns it asks what is due. */
export class Schedule {
  readonly #byKey = new Map<string, Waiting>();
  /** A binary heap by due time and turn. Entries that were cancelled or replaced stay until they surface or outnumber the others. */
  #heap: Waiting[] = [];
  #added = 0;

  /** How many entries are kept, those included that were cancelled or replaced. */
  get size(): number {
    return this.#heap.length;
  }

  add(entry: Scheduled): void {
    const waiting = { ...entry, turn: this.#added++ };
    this.#byKey.set(nameOf(entry), waiting);
    this.#push(waiting);
    this.#dropMany();
  }

  cancel(table: TableId, key: string): void {
    this.#byKey.delete(nameOf({ table, key }));
    this.#dropMany();
  }

  /** When the next row is due; undefined when none waits. */
  nextDueMicros(): bigint | undefined {
    this.#dropStale();
    return this.#heap[0]?.dueMicros;
  }

  /** Takes the earliest row that is due, or undefined. */
  takeDue(nowMicros: bigint): Scheduled | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (!first || first.dueMicros > nowMicros) return undefined;
    this.#pop();
    this.#byKey.delete(nameOf(first));
    return first;
  }

  clear(): void {
    this.#byKey.clear();
    this.#heap = [];
  }

  /** A row that is moved again and again long before its time must not fill the memory. */
  #dropMany(): void {
    if (this.#heap.length <= 2 * this.#byKey.size + staleSlack) return;
    // A sorted list is a heap.
    this.#heap = [...this.#byKey.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first && this.#byKey.get(nameOf(first)) !== first; first = this.#heap[0])
      this.#pop();
  }

  #push(entry: Waiting): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || isBefore(parent, entry)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child && right && isBefore(right, child)) {
        child = right;
        below += 1;
      }
      if (!child || isBefore(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}

/** When an interval fires next: anchored on the intended times, ticks that were missed are skipped. */
export function nextTick(intendedMicros: bigint, intervalMicros: bigint, nowMicros: bigint): bigint {
  if (intervalMicros <= 0n) return nowMicros;
  const missed = nowMicros > intendedMicros ? (nowMicros - intendedMicros) / intervalMicros : 0n;
  return intendedMicros + (missed + 1n) * intervalMicros;
}

function isBefore(one: Waiting, other: Waiting): boolean {
  return one.dueMicros === other.dueMicros ? one.turn < other.turn : one.dueMicros < other.dueMicros;
}

function nameOf(entry: Pick<Scheduled, 'table' | 'key'>): string {
  return `${entry.table}:${entry.key}`;
}
