import { toSql } from 'spacetimedb';
import { type DbConnection, tables } from '$bindings/index.ts';

/** How long it is quiet before the hub is asked whether it is still there. */
export const beatMs = 15_000;
/** How long it may take to answer. */
export const beatAnswerMsMax = 10_000;

/** No row has it: what is asked costs the hub next to nothing. */
const nothing = toSql(tables.tenants.where((tenant) => tenant.id.eq(0n)));

/**
 * Asks the hub over the connection itself, again and again while somebody looks at the page: a socket whose other end is
 * gone looks open for minutes otherwise.
 */
export class Heartbeat {
  readonly #connection: DbConnection;
  readonly #onAnswer: (roundTripMs: number) => void;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;

  constructor(connection: DbConnection, onAnswer: (roundTripMs: number) => void, onSilence: () => void) {
    this.#connection = connection;
    this.#onAnswer = onAnswer;
    this.#onSilence = onSilence;
    this.ask();
  }

  /** Does not wait for the next time. */
  ask(): void {
    if (this.#isAsking) return;
    clearTimeout(this.#timer);
    this.#isAsking = true;
    const startedMs = performance.now();
    this.#timer = setTimeout(() => this.#onSilence(), beatAnswerMsMax);
    const subscription = this.#connection
      .subscriptionBuilder()
      .onApplied(() => {
        if (!this.#isAsking) return;
        this.#isAsking = false;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#askIfSeen(), beatMs);
        if (!subscription.isEnded()) subscription.unsubscribe();
        this.#onAnswer(performance.now() - startedMs);
      })
      .subscribe(nothing);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isAsking = false;
  }

  /** Whoever comes back to a hidden page makes it ask at once. */
  #askIfSeen(): void {
    if (document.visibilityState === 'visible') this.ask();
  }
}
