import type { Component } from 'svelte';

/** Something that a person can do from the command palette. */
export interface Action {
  readonly id: string;
  readonly label: string;
  /** Further words by which it is found. */
  readonly keywords?: readonly string[];
  /** The keys that do the same. */
  readonly keys?: readonly string[];
  /** One of many alike: it is not listed until somebody types. */
  readonly isMinor?: boolean;
  readonly icon: Component<{ size?: number }>;
  readonly run: () => unknown;
}

/** What the open screen, and the parts that it shows, add to the command palette. */
export class PageActions {
  /** Beside the state, because what ends an effect reads of state what it was before, and would undo another offer. */
  readonly #standing = new Set<readonly Action[]>();
  #offers: readonly (readonly Action[])[] = $state.raw([]);
  readonly list: readonly Action[] = $derived(this.#offers.flat());

  /** Adds actions until the returned function is called: the shape that an effect returns. */
  offer(actions: readonly Action[]): () => void {
    this.#standing.add(actions);
    this.#offers = [...this.#standing];
    return () => {
      this.#standing.delete(actions);
      this.#offers = [...this.#standing];
    };
  }
}
