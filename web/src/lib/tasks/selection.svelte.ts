import { SvelteSet } from 'svelte/reactivity';

/** Which rows of a list are chosen, and which one the keyboard is at. */
export class Selection {
  readonly ids = new SvelteSet<bigint>();
  #anchor: bigint | undefined;

  has(id: bigint): boolean {
    return this.ids.has(id);
  }

  /** Chooses or unchooses a row; with `order`, all rows between the last one and this. */
  toggle(id: bigint, order?: readonly bigint[]): void {
    const from = this.#anchor === undefined ? -1 : (order?.indexOf(this.#anchor) ?? -1);
    const to = order?.indexOf(id) ?? -1;
    if (order && from >= 0 && to >= 0) {
      for (const between of order.slice(Math.min(from, to), Math.max(from, to) + 1)) this.ids.add(between);
    } else if (!this.ids.delete(id)) this.ids.add(id);
    this.#anchor = id;
  }

  clear(): void {
    this.ids.clear();
    this.#anchor = undefined;
  }
}
