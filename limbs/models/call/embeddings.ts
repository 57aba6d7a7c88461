import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import type { ModelConfig } from '../config/config.ts';
import type { Client } from './client.ts';
import { explain } from './failure.ts';
import { bytesPerToken } from './usage.ts';

/** One request for vectors: knows at any time how many tokens it has used. */
export class EmbeddingsCall {
  /** What the texts come to, as far as one can tell before: probably, and at most. */
  readonly tokensEstimated: number;
  readonly tokensMax: number;
  #tokens = 0;
  readonly #texts: readonly string[];
  readonly #dimensions: number | undefined;

  /** `dimensions`: the size that the vectors shall have; default that of the model. */
  constructor(texts: readonly string[], dimensions?: number) {
    this.#texts = texts;
    this.#dimensions = dimensions;
    this.tokensMax = Buffer.byteLength(texts.join(''));
    this.tokensEstimated = Math.ceil(this.tokensMax / bytesPerToken);
  }

  /** What the last request has used: nothing, when the server did not take it. */
  get tokens(): number {
    return this.#tokens;
  }

  /** One vector a text, in their order. Throws `ModelFailure`, or the signal's reason when it is aborted. */
  async take({ api }: Client, config: ModelConfig, signal: AbortSignal, timeMs: number): Promise<number[][]> {
    this.#tokens = this.tokensEstimated;
    try {
      const size = this.#dimensions === undefined ? {} : { dimensions: this.#dimensions };
      const body = { model: config.model, input: [...this.#texts], encoding_format: 'float' as const, ...size };
      const answer = await api.embeddings.create(body, { signal, timeout: timeMs });
      // Not every server counts.
      if (answer.usage) this.#tokens = answer.usage.prompt_tokens;
      const vectors = [...answer.data].sort((a, b) => a.index - b.index).map((item) => item.embedding);
      if (vectors.length !== this.#texts.length) {
        throw new Error(`${vectors.length} vectors for ${this.#texts.length} texts`);
      }
      return vectors;
    } catch (error) {
      if (wasRefused(error)) this.#tokens = 0;
      signal.throwIfAborted();
      throw explain(error, config);
    }
  }
}

/** An answer that broke off may have to be paid; an error that the server told, or no connection, has not. */
function wasRefused(error: unknown): boolean {
  if (error instanceof APIConnectionTimeoutError) return false;
  return error instanceof APIConnectionError || (error instanceof APIError && error.status !== undefined);
}
