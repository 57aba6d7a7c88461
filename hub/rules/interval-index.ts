/** A range of numbers, both bounds included; entries are found by a number in it. */
export interface Interval<T> {
  readonly low: number;
  readonly high: number;
  readonly entry: T;
}

/**
 * Finds the intervals that a number lies in, at a cost of the logarithm of their number plus those found: sorted by their
 * lower bounds, each half with its greatest upper bound. It is sorted anew at the first look after a change.
 */
export class IntervalIndex<T> {
  readonly #intervals = new Set<Interval<T>>();
  #sorted: readonly Interval<T>[] | undefined;
  #greatest: readonly number[] = [];

  add(interval: Interval<T>): void {
    this.#intervals.add(interval);
    this.#sorted = undefined;
  }

  delete(interval: Interval<T>): void {
    this.#intervals.delete(interval);
    this.#sorted = undefined;
  }

  get size(): number {
    return this.#intervals.size;
  }

  find(value: number, found: (entry: T) => void): void {
    const sorted = this.#sorted ?? this.#sort();
    this.#findIn(sorted, 0, sorted.length, value, found);
  }

  #findIn(sorted: readonly Interval<T>[], from: number, to: number, value: number, found: (entry: T) => void): void {
    if (from >= to) return;
    const middle = (from + to) >> 1;
    const interval = sorted[middle];
    if (!interval || (this.#greatest[middle] ?? value) < value) return;
    this.#findIn(sorted, from, middle, value, found);
    if (interval.low > value) return;
    if (interval.high >= value) found(interval.entry);
    this.#findIn(sorted, middle + 1, to, value, found);
  }

  #sort(): readonly Interval<T>[] {
    const sorted = [...this.#intervals].sort((a, b) => a.low - b.low);
    const greatest = new Array<number>(sorted.length);
    const measure = (from: number, to: number): number => {
      if (from >= to) return Number.NEGATIVE_INFINITY;
      const middle = (from + to) >> 1;
      const high = sorted[middle]?.high ?? Number.NEGATIVE_INFINITY;
      const most = Math.max(high, measure(from, middle), measure(middle + 1, to));
      greatest[middle] = most;
      return most;
    };
    measure(0, sorted.length);
    this.#greatest = greatest;
    this.#sorted = sorted;
    return sorted;
  }
}
