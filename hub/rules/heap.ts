/** Things by time, the earliest first; of the same time the one that was added first. */
export class Heap<T> {
  readonly #items: { readonly at: number; readonly order: number; readonly item: T }[] = [];
  #added = 0;

  add(at: number, item: T): void {
    const items = this.#items;
    this.#added += 1;
    items.push({ at, order: this.#added, item });
    let index = items.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Takes out the earliest that is not after `until`. */
  take(until: number): { readonly at: number; readonly item: T } | undefined {
    const items = this.#items;
    const [first] = items;
    if (!first || first.at > until) return undefined;
    this.#swap(0, items.length - 1);
    items.pop();
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = right < items.length && this.#isBefore(right, left) ? right : left;
      if (child >= items.length || !this.#isBefore(child, index)) return first;
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#items[one], this.#items[other]];
    return a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order));
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#items[one], this.#items[other]];
    if (!a || !b) return;
    this.#items[one] = b;
    this.#items[other] = a;
  }
}
