import { type Dialect, usualDialect } from '../call/chat.ts';
import type { Client } from '../call/client.ts';
import { ModelFailure } from '../call/failure.ts';
import type { Clock } from '../clock.ts';
import type { ModelConfig } from '../config/config.ts';
import { Breaker } from './breaker.ts';
import type { Pace } from './pace.ts';

/** A model that a route may use, and what was seen of its server. */
export class Candidate {
  readonly config: ModelConfig;
  readonly client: Client;
  readonly dialect: Dialect = usualDialect();
  readonly #pace: Pace;
  readonly #breaker: Breaker;
  readonly #clock: Clock;
  #notBeforeMs = 0;
  #lastFailure = '';

  constructor(config: ModelConfig, client: Client, pace: Pace, clock: Clock) {
    this.config = config;
    this.client = client;
    this.#pace = pace;
    this.#breaker = new Breaker(clock);
    this.#clock = clock;
  }

  /** Why it is not asked at present; none when it may be. */
  get pausedBecause(): ModelFailure | undefined {
    const { key } = this.config.provider;
    if ('missing' in key) return new ModelFailure('model-key-missing', key.missing);
    if (!this.#breaker.isOpen) return undefined;
    return new ModelFailure(
      'model-paused',
      `${this.config.model} failed ${this.#breaker.failures} times in a row and is left alone for a while. ${this.#lastFailure}`,
      { isRetryable: true },
    );
  }

  /** How long its server or its limits ask to wait with a request of so many tokens. */
  waitMs(tokens: number): number {
    return Math.max(0, this.#notBeforeMs - this.#clock.nowMs(), this.#pace.waitMs(tokens));
  }

  /** Makes a request, which says how many tokens it has used, and learns from how it ends. */
  async ask<T>(tokens: number, request: () => Promise<T>, tokensUsed: () => number): Promise<T> {
    const settle = this.#pace.take(tokens);
    this.#breaker.begin();
    try {
      const result = await request();
      this.#breaker.succeed();
      return result;
    } catch (error) {
      this.#learn(error);
      throw error;
    } finally {
      settle(tokensUsed());
    }
  }

  #learn(error: unknown): void {
    if (error instanceof ModelFailure) {
      this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#clock.nowMs() + error.retryAfterMs);
      this.#lastFailure = error.message;
    }
    if (error instanceof ModelFailure && error.isOutage) this.#breaker.fail();
    else this.#breaker.drop();
  }
}
