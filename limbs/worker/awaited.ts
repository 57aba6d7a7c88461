import { setTimeout as sleep } from 'node:timers/promises';
import { LimbError, messageOf } from '../errors.ts';

/** Something that others give, such as a server: there now, or as soon as they do. */
export interface Awaited<T> {
  /** None until it is there. */
  readonly value: T | undefined;
  /** Why it is not there, in words; empty when it is. */
  readonly lack: string;
  /** Stops waiting, and closes what is there. */
  close(): Promise<void>;
}

export interface AwaitedOptions<T> {
  /** `answered` is called when what was waited for has answered: the rest is this machine's own work. */
  readonly open: (signal: AbortSignal, answered: () => void) => Promise<T>;
  /** Hears why it is not there, each time that this is another reason than before. */
  readonly onLack: (lack: string) => void;
  /** Hears that it has come, unless it was there at once. */
  readonly onThere: (value: T) => void;
  /** The pause after the first failure; each further one is twice as long, up to `pauseMsMax`. Default 1 s. */
  readonly pauseMs?: number | undefined;
}

const pauseMsDefault = 1000;
const pauseMsMax = 30_000;

/** A start is not held up longer by a server that takes the question and is silent. */
const patienceMs = 10_000;

/**
 * Opens it, again and again until that succeeds. Resolves when it is there or has failed for the first time, or after 10 s
 * of silence. Throws what `open` throws at first, unless that may pass.
 */
export async function awaitIt<T extends { close(): Promise<void> }>(options: AwaitedOptions<T>): Promise<Awaited<T>> {
  const waiting = new Waiting(options);
  try {
    await waiting.begun;
  } catch (error) {
    await waiting.close();
    throw error;
  }
  return waiting;
}

class Waiting<T extends { close(): Promise<void> }> implements Awaited<T> {
  /** Settles when it is known whether it is there at once. */
  readonly begun: Promise<void>;
  readonly #options: AwaitedOptions<T>;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #begin: () => void = () => {};
  #refuse: (error: unknown) => void = () => {};
  #hasBegun = false;
  #value: T | undefined;
  #lack = '';

  constructor(options: AwaitedOptions<T>) {
    this.#options = options;
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    this.#ended = this.#openAgainAndAgain();
  }

  get value(): T | undefined {
    return this.#value;
  }

  get lack(): string {
    return this.#lack;
  }

  async close(): Promise<void> {
    this.#closing.abort(new LimbError('closed', 'The limb ends.'));
    await this.#ended;
    await this.#value?.close();
  }

  async #openAgainAndAgain(): Promise<void> {
    const { signal } = this.#closing;
    let pauseMs = this.#options.pauseMs ?? pauseMsDefault;
    while (!signal.aborted) {
      const silence = setTimeout(() => this.#lacks('It has not answered yet.'), patienceMs);
      try {
        this.#value = await this.#options.open(signal, () => clearTimeout(silence));
        this.#lack = '';
        if (this.#hasBegun) this.#options.onThere(this.#value);
        else this.#begins();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#hasBegun && !(error instanceof LimbError && error.isRetryable)) return this.#refuse(error);
        this.#lacks(messageOf(error));
      } finally {
        clearTimeout(silence);
      }
      // Half to all of the time at random, so that limbs do not all come at once.
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, pauseMsMax);
    }
  }

  #lacks(lack: string): void {
    if (lack !== this.#lack) {
      this.#lack = lack;
      this.#options.onLack(lack);
    }
    this.#begins();
  }

  #begins(): void {
    this.#hasBegun = true;
    this.#begin();
  }
}
