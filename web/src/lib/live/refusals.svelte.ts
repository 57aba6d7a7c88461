/** The queries that the hub refuses at this moment. */
export class Refusals {
  /** Beside the state, because what ends an effect reads of state what it was before. */
  readonly #standing = new Set<Refusal>();
  #all: readonly Refusal[] = $state.raw([]);

  /** Those that no part of the screen tells of by itself. */
  get untold(): readonly Refusal[] {
    return this.#all.filter((refusal) => !refusal.isTold);
  }

  add(refusal: Refusal): void {
    this.#standing.add(refusal);
    this.#all = [...this.#standing];
  }

  delete(refusal: Refusal): void {
    if (this.#standing.delete(refusal)) this.#all = [...this.#standing];
  }
}

/** That the hub refuses one query: what it was to bring, why it does not, and how to ask once more. */
export class Refusal {
  /** What the rows are, in the words of the hub: `recipe versions`. */
  readonly what: string;
  /** What the hub said; empty while it refuses nothing. */
  reason = $state('');
  readonly retry: () => void;
  readonly #among: Refusals;
  readonly #tellers = new Set<symbol>();
  #isTold = $state(false);

  constructor(among: Refusals, what: string, retry: () => void) {
    this.#among = among;
    this.what = what;
    this.retry = retry;
  }

  get isTold(): boolean {
    return this.#isTold;
  }

  begin(reason: string | undefined): void {
    this.reason = reason || 'no reason was given';
    this.#among.add(this);
  }

  end(): void {
    this.reason = '';
    this.#among.delete(this);
  }

  /** A part of the screen tells of it, until the returned function is called. */
  tell(): () => void {
    const teller = Symbol();
    this.#tellers.add(teller);
    this.#isTold = true;
    return () => {
      this.#tellers.delete(teller);
      this.#isTold = this.#tellers.size > 0;
    };
  }
}

/** What a query is about: `recipe versions` of `SELECT … FROM "recipe_versions" …`. */
export function nameOf(query: string): string {
  return (/\bFROM\s+"?(\w+)/i.exec(query)?.[1] ?? query).replaceAll('_', ' ');
}
