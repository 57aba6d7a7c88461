/** What was begun and has not come to its end. */
export class Outstanding {
  /** Beside the state, because what ends an effect reads of state what it was before. */
  readonly #standing = new Set<{ readonly atMs: number }>();
  #beginnings: readonly { readonly atMs: number }[] = $state.raw([]);

  get count(): number {
    return this.#beginnings.length;
  }

  /** Since when the oldest of it is, in milliseconds since the epoch; undefined for none. */
  get sinceMs(): number | undefined {
    return this.#beginnings[0]?.atMs;
  }

  /** Returns what ends it; a second time does nothing. */
  begin(): () => void {
    const beginning = { atMs: Date.now() };
    this.#standing.add(beginning);
    this.#beginnings = [...this.#standing];
    return () => {
      if (this.#standing.delete(beginning)) this.#beginnings = [...this.#standing];
    };
  }
}
