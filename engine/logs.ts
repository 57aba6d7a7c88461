import type { LogRecord } from './serve/contract.ts';

const recordsMax = 8192;

/** The newest lines that a database's module and engine wrote, and who follows them. */
export class Logs {
  #records: LogRecord[] = [];
  readonly #followers = new Set<(record: LogRecord) => void>();

  add(record: LogRecord): void {
    this.#records.push(record);
    // Cut in one go, now and then, so that adding stays cheap.
    if (this.#records.length > 2 * recordsMax) this.#records = this.#records.slice(-recordsMax);
    for (const follower of this.#followers) follower(record);
  }

  /** Newest last. */
  newest(lineCount: number | undefined): readonly LogRecord[] {
    const count = Math.min(lineCount ?? recordsMax, recordsMax);
    return count === 0 ? [] : this.#records.slice(-count);
  }

  follow(listener: (record: LogRecord) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }
}
