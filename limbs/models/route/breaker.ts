import type { Clock } from '../clock.ts';

const failuresMax = 5;
const openMs = 30_000;

/** Leaves a server alone that has failed several times in a row; then one request tries whether it is well again. */
export class Breaker {
  readonly #clock: Clock;
  #failures = 0;
  #openUntilMs = 0;
  #isTrying = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Whether no request may be made now. */
  get isOpen(): boolean {
    return this.#failures >= failuresMax && (this.#isTrying || this.#clock.nowMs() < this.#openUntilMs);
  }

  /** A request is made; one of the three others ends it. */
  begin(): void {
    this.#isTrying = this.#failures >= failuresMax;
  }

  succeed(): void {
    this.#failures = 0;
    this.#isTrying = false;
  }

  fail(): void {
    this.#failures += 1;
    this.#openUntilMs = this.#clock.nowMs() + openMs;
    this.#isTrying = false;
  }

  /** It says nothing of the server, such as a request that was given up. */
  drop(): void {
    this.#isTrying = false;
  }
}
