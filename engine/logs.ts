import type { LogRecord } from './serve/contract.ts';

const recordsMax = 8192;
const charsMax = 8 * 1024 * 1024;
const messageCharsMax = 256 * 1024;

/** The newest lines that a database's module and engine wrote, and who follows them. */
export class Logs {
  #records: LogRecord[] = [];
  /** Of the messages that are kept. */
  #chars = 0;
  readonly #followers = new Set<(record: LogRecord) => void>();

  /** Keeps the newest 8192 lines, and of them no more than have 8 Mi characters; a longer message than 256 Ki is cut. */
  add(record: LogRecord): void {
    const kept = shortened(record);
    this.#records.push(kept);
    this.#chars += kept.message.length;
    if (this.#records.length > 2 * recordsMax || this.#chars > 2 * charsMax) this.#drop();
    for (const follower of this.#followers) follower(kept);
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

  /** Cuts in one go, now and then, so that adding stays cheap. */
  #drop(): void {
    let first = Math.max(0, this.#records.length - recordsMax);
    let chars = 0;
    for (let at = this.#records.length - 1; at >= first; at--) {
      chars += this.#records[at]?.message.length ?? 0;
      if (chars > charsMax) first = at + 1;
    }
    this.#records = this.#records.slice(first);
    this.#chars = this.#records.reduce((sum, { message }) => sum + message.length, 0);
  }
}

function shortened(record: LogRecord): LogRecord {
  const { length } = record.message;
  if (length <= messageCharsMax) return record;
  return { ...record, message: `${record.message.slice(0, messageCharsMax)}… (cut: ${length} characters)` };
}
