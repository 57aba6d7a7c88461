import { assert } from '../errors.ts';
import type { Clock, Timer } from '../host/clock.ts';

interface Waiting {
  readonly dueMicros: bigint;
  readonly run: () => void;
}

/** So many timers in one instant are a loop: something asks again and again to be called at once. */
const timersAnInstantMax = 1000;

/** Time that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  #nowMicros: bigint;
  /** By due time; of the same time, in the order in which they were set. */
  #waiting: Waiting[] = [];

  constructor(nowMicros: bigint) {
    this.#nowMicros = nowMicros;
  }

  nowMicros(): bigint {
    return this.#nowMicros;
  }

  nowMs(): number {
    return Number(this.#nowMicros / 1000n);
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const dueMicros = this.#nowMicros + BigInt(Math.ceil(Math.max(0, delayMs) * 1000));
    const timer: Waiting = { dueMicros, run };
    const after = this.#waiting.findIndex((other) => other.dueMicros > dueMicros);
    this.#waiting.splice(after < 0 ? this.#waiting.length : after, 0, timer);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer);
      },
    };
  }

  /** Lets time pass, stopping at every timer that becomes due, those set meanwhile included. */
  advance(micros: bigint): void {
    const steps = this.#steps(this.#nowMicros + micros);
    while (!steps.next().done);
  }

  /** As `advance`, and what each timer has begun ends before time goes on. */
  async advanceAsync(micros: bigint, idle: () => Promise<void>): Promise<void> {
    for (const _ of this.#steps(this.#nowMicros + micros)) await idle();
  }

  /** Time goes on to the next timer at each step, and in the end to `untilMicros`. */
  *#steps(untilMicros: bigint): Generator<void, void> {
    let inThisInstant = 0;
    for (let first = this.#waiting[0]; first && first.dueMicros <= untilMicros; first = this.#waiting[0]) {
      inThisInstant = first.dueMicros > this.#nowMicros ? 1 : inThisInstant + 1;
      assert(
        inThisInstant <= timersAnInstantMax,
        'timers keep being set for now: is there a schedule without a delay?',
      );
      this.#waiting.shift();
      this.#nowMicros = first.dueMicros;
      first.run();
      yield;
    }
    this.#nowMicros = untilMicros;
  }
}
