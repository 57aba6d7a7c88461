import type { Clock, Timer } from './host/clock.ts';
import type { CommitLog } from './log/log.ts';

const lookMs = 1000;

/** Waits for a full disk to have room again, and then does what had to wait for it. */
export class Room {
  readonly #log: CommitLog;
  readonly #clock: Clock;
  readonly #stopListening: () => void;
  #deferred: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(log: CommitLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#stopListening = log.onRoom((hasRoom) => {
      if (hasRoom) this.#resume();
      else this.#lookSoon();
    });
    if (!log.hasRoom) this.#lookSoon();
  }

  /** Calls `act` when there is room again. */
  defer(act: () => void): void {
    this.#deferred.push(act);
    this.#lookSoon();
  }

  stop(): void {
    this.#stopListening();
    this.#timer?.cancel();
    this.#deferred = [];
  }

  #resume(): void {
    for (const act of this.#deferred.splice(0)) act();
  }

  #lookSoon(): void {
    this.#timer ??= this.#clock.setTimer(lookMs, () => {
      this.#timer = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    await this.#log.lookForRoom();
    if (this.#log.failure !== undefined) return;
    if (this.#log.hasRoom) this.#resume();
    else this.#lookSoon();
  }
}
