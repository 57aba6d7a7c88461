import type { Clock, Timer } from '../clock.ts';

/** setTimeout takes no more; a longer delay is waited for in steps. */
const timeoutMsMax = 2 ** 31 - 1;
/** A wall clock that differs by more from the steady one has been set. */
const driftMsMax = 5;

class NodeTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, run: () => void) {
    this.#wait(performance.now() + Math.max(0, delayMs), run);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #wait(untilMs: number, run: () => void): void {
    const leftMs = untilMs - performance.now();
    if (leftMs > timeoutMsMax) this.#timeout = setTimeout(() => this.#wait(untilMs, run), timeoutMsMax);
    else this.#timeout = setTimeout(run, Math.max(0, Math.ceil(leftMs)));
  }
}

class NodeClock implements Clock {
  /** Wall time is this plus the steady clock, which alone counts microseconds. */
  #originMs = Date.now() - performance.now();
  #lastMicros = 0;

  nowMicros(): bigint {
    const wallMs = Date.now();
    let nowMs = this.#originMs + performance.now();
    if (Math.abs(nowMs - wallMs) > driftMsMax) {
      this.#originMs = wallMs - performance.now();
      nowMs = wallMs;
    }
    this.#lastMicros = Math.max(this.#lastMicros, Math.floor(nowMs * 1000));
    return BigInt(this.#lastMicros);
  }

  nowMs(): number {
    return Date.now();
  }

  steadyMicros(): bigint {
    return BigInt(Math.floor(performance.now() * 1000));
  }

  setTimer(delayMs: number, run: () => void): Timer {
    return new NodeTimer(delayMs, run);
  }
}

export const nodeClock: Clock = new NodeClock();
