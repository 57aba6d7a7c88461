import { untrack } from 'svelte';

/** The queries that the hub refuses at this moment. */
export class Refusals {
  #all: readonly Refusal[] = $state.raw([]);

  /** Those that no part of the screen tells of by itself. */
  get untold(): readonly Refusal[] {
    return this.#all.filter((refusal) => !refusal.isTold);
  }

  add(refusal: Refusal): void {
    this.#all = [...untrack(() => this.#all).filter((other) => other !== refusal), refusal];
  }

  delete(refusal: Refusal): void {
    this.#all = untrack(() => this.#all).filter((other) => other !== refusal);
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
  #tellers = $state(0);

  constructor(among: Refusals, what: string, retry: () => void) {
    this.#among = among;
    this.what = what;
    this.retry = retry;
  }

  get isTold(): boolean {
    return this.#tellers > 0;
  }

  begin(reason: string | undefined): void {
    this.reason = reason || 'no reason was given';
    this.#among.add(this);
  }

  end(): void {
    if (untrack(() => this.reason) === '') return;
    this.reason = '';
    this.#among.delete(this);
  }

  /** A part of the screen tells of it, until the returned function is called. */
  tell(): () => void {
    const count = (by: number): void => {
      this.#tellers = untrack(() => this.#tellers) + by;
    };
    count(1);
    return () => count(-1);
  }
}

/** What a query is about: `recipe versions` of `SELECT … FROM "recipe_versions" …`. */
export function nameOf(query: string): string {
  return (/\bFROM\s+"?(\w+)/i.exec(query)?.[1] ?? query).replaceAll('_', ' ');
}
