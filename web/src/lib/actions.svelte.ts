import type { Component } from 'svelte';

/** Something that a person can do from the command palette. */
export interface Action {
  readonly id: string;
  readonly label: string;
  /** Further words by which it is found. */
  readonly keywords?: readonly string[];
  /** The keys that do the same. */
  readonly keys?: readonly string[];
  readonly icon: Component<{ size?: number }>;
  readonly run: () => unknown;
}

/** What the open screen adds to the command palette. */
export class PageActions {
  list: readonly Action[] = $state.raw([]);

  /** Adds actions until the returned function is called: the shape that an effect returns. */
  offer(actions: readonly Action[]): () => void {
    this.list = actions;
    return () => {
      if (this.list === actions) this.list = [];
    };
  }
}
