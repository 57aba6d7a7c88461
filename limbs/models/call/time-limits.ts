import type { CallLimits } from '../config/config.ts';

/** Ends a call that takes too long, by its signal, and says in which way it did. */
export class TimeLimits {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #idleMs: number;
  readonly #total: NodeJS.Timeout;
  #pause: NodeJS.Timeout;
  #hasBegun = false;
  #exceeded: string | undefined;

  constructor({ firstTokenMs, idleMs, totalMs }: CallLimits, timeMs: number | undefined, outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
    this.#idleMs = idleMs;
    const wholeMs = Math.max(1, Math.min(totalMs, timeMs ?? totalMs));
    this.#total = this.#after(wholeMs, `did not finish its answer within ${inSeconds(wholeMs)}`);
    this.#pause = this.#after(firstTokenMs, `did not begin to answer within ${inSeconds(firstTokenMs)}`);
  }

  /** In words what took too long; none when nothing did. */
  get exceeded(): string | undefined {
    return this.#exceeded;
  }

  /** A piece has come; `isSubstance`: of the answer itself, not only a sign of life. */
  heard(isSubstance: boolean): void {
    this.#hasBegun ||= isSubstance;
    if (!this.#hasBegun) return;
    clearTimeout(this.#pause);
    this.#pause = this.#after(this.#idleMs, `stopped in the middle of its answer for ${inSeconds(this.#idleMs)}`);
  }

  end(): void {
    clearTimeout(this.#pause);
    clearTimeout(this.#total);
  }

  #after(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.#exceeded ??= what;
      this.#controller.abort();
    }, ms);
  }
}

function inSeconds(ms: number): string {
  return `${ms / 1000} s`;
}
