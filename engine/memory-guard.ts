import type { Clock, Timer } from './host/clock.ts';
import type { Memory } from './host/memory.ts';
import type { MemoryBudget } from './store/budget.ts';

const lookMs = 1000;
/** Of the machine's memory, beyond which the process as a whole must not grow. */
const processShareMax = 0.85;

/** Watches what the whole process takes, of which rows are only a part: nothing may grow when the machine runs out. */
export class MemoryGuard {
  readonly #budget: MemoryBudget;
  readonly #memory: Memory;
  readonly #clock: Clock;
  #timer: Timer;

  constructor(budget: MemoryBudget, memory: Memory, clock: Clock) {
    this.#budget = budget;
    this.#memory = memory;
    this.#clock = clock;
    this.#timer = this.#next();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#clock.setTimer(lookMs, () => {
      this.#look();
      this.#timer = this.#next();
    });
  }

  #look(): void {
    const bytesMax = Math.floor(this.#memory.totalBytes * processShareMax);
    // What deleted rows have left is not given back to the machine, but is there for others.
    const bytes = this.#memory.usedBytes() - this.#budget.spareBytes;
    this.#budget.pressure =
      bytes > bytesMax ? `the process takes ${bytes} bytes, and ${bytesMax} of the machine's are its share` : undefined;
  }
}
