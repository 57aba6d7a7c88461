import { type Component, untrack } from 'svelte';

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
  #offers: readonly (readonly Action[])[] = $state.raw([]);
  readonly list: readonly Action[] = $derived(this.#offers.flat());

  /** Adds actions until the returned function is called: the shape that an effect returns. */
  offer(actions: readonly Action[]): () => void {
    this.#offers = [...untrack(() => this.#offers), actions];
    return () => {
      this.#offers = this.#offers.filter((offer) => offer !== actions);
    };
  }
}
