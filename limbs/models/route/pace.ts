import type { Clock } from '../clock.ts';

const minuteMs = 60_000;

interface Taken {
  readonly atMs: number;
  tokens: number;
}

/** Keeps the requests and tokens of any minute within what a provider allows. */
export class Pace {
  readonly #requestsMax: number;
  readonly #tokensMax: number;
  readonly #clock: Clock;
  /** Those of the last minute, the oldest first. */
  #taken: Taken[] = [];

  constructor(requestsPerMinute: number | undefined, tokensPerMinute: number | undefined, clock: Clock) {
    this.#requestsMax = requestsPerMinute ?? Number.POSITIVE_INFINITY;
    this.#tokensMax = tokensPerMinute ?? Number.POSITIVE_INFINITY;
    this.#clock = clock;
  }

  /** How long a request of so many tokens has to wait; 0 for not at all. One that is larger than a minute's share goes alone. */
  waitMs(tokens: number): number {
    if (this.#requestsMax === Number.POSITIVE_INFINITY && this.#tokensMax === Number.POSITIVE_INFINITY) return 0;
    const nowMs = this.#clock.nowMs();
    this.#taken = this.#taken.filter(({ atMs }) => atMs + minuteMs > nowMs);
    let requests = this.#taken.length;
    let sum = this.#taken.reduce((total, taken) => total + taken.tokens, 0);
    for (const { atMs, tokens: gone } of this.#taken) {
      if (requests < this.#requestsMax && sum + tokens <= this.#tokensMax) return 0;
      requests -= 1;
      sum -= gone;
      if (requests < this.#requestsMax && (sum + tokens <= this.#tokensMax || requests === 0)) {
        return atMs + minuteMs - nowMs;
      }
    }
    return 0;
  }

  /** Counts a request, whose tokens are corrected by the returned function once they are known. */
  take(tokens: number): (used: number) => void {
    const taken = { atMs: this.#clock.nowMs(), tokens };
    this.#taken.push(taken);
    return (used) => {
      taken.tokens = used;
    };
  }
}
