import { assert } from '../../errors.ts';
import type { Clock, Timer } from '../clock.ts';

interface Waiting {
  readonly dueMicros: bigint;
  readonly run: () => void;
}

/** So many timers in one instant are a loop: something asks again and again to be called at once. */
const timersAnInstantMax = 1000;

/** Time that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  /** What the wall says is this plus the steady time, which timers wait for. */
  #originMicros: bigint;
  #steadyMicros = 0n;
  #lastMicros: bigint;
  /** By due time; of the same time, in the order in which they were set. */
  #waiting: Waiting[] = [];

  constructor(wallMicros: bigint) {
    this.#originMicros = wallMicros;
    this.#lastMicros = wallMicros;
  }

  /** What the wall shows, which a person may have set back. */
  get wallMicros(): bigint {
    return this.#originMicros + this.#steadyMicros;
  }

  nowMicros(): bigint {
    if (this.wallMicros > this.#lastMicros) this.#lastMicros = this.wallMicros;
    return this.#lastMicros;
  }

  nowMs(): number {
    return Number(this.wallMicros / 1000n);
  }

  steadyMicros(): bigint {
    return this.#steadyMicros;
  }

  /** Sets the wall forward or, below 0, back. Timers wait as long as they would have. */
  jump(micros: bigint): void {
    this.#originMicros += micros;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const dueMicros = this.#steadyMicros + BigInt(Math.ceil(Math.max(0, delayMs) * 1000));
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
    const steps = this.#steps(this.#steadyMicros + micros);
    while (!steps.next().done);
  }

  /** As `advance`, and what each timer has begun ends before time goes on. */
  async advanceAsync(micros: bigint, idle: () => Promise<void>): Promise<void> {
    for (const _ of this.#steps(this.#steadyMicros + micros)) await idle();
  }

  /** Time goes on to the next timer at each step, and in the end to `untilMicros`. */
  *#steps(untilMicros: bigint): Generator<void, void> {
    let inThisInstant = 0;
    for (let first = this.#waiting[0]; first && first.dueMicros <= untilMicros; first = this.#waiting[0]) {
      inThisInstant = first.dueMicros > this.#steadyMicros ? 1 : inThisInstant + 1;
      assert(
        inThisInstant <= timersAnInstantMax,
        'timers keep being set for now: is there a schedule without a delay?',
      );
      this.#waiting.shift();
      this.#steadyMicros = first.dueMicros;
      first.run();
      yield;
    }
    this.#steadyMicros = untilMicros;
  }
}
