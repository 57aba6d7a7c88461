import { cleanText, clip } from '../text.ts';

/** The hub cuts longer ones. */
const reportCharsMax = 500;

const reportEveryMs = 100;

/**
 * Sends a task's progress lines at a bounded rate: what comes faster is sent together, and of what does not fit the
 * newest is kept.
 */
export class Progress {
  /** Must not reject. */
  readonly #send: (line: string) => Promise<void>;
  #lines: string[] = [];
  #chars = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #isEnded = false;

  constructor(send: (line: string) => Promise<void>) {
    this.#send = send;
  }

  push(text: string): void {
    if (this.#isEnded) return;
    const line = clip(cleanText(text).trimEnd(), reportCharsMax);
    if (line === '') return;
    this.#lines.push(line);
    this.#chars += line.length + 1;
    // Room is left for saying how much was dropped.
    while (this.#lines.length > 1 && this.#chars > reportCharsMax - 40) {
      this.#chars -= (this.#lines.shift()?.length ?? 0) + 1;
      this.#dropped++;
    }
    this.#arm();
  }

  /** Sends what is left; settles when all is sent. Later lines are dropped. */
  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#sending;
    this.#flush();
    await this.#sending;
  }

  /** One report after the other: while the hub is slow, lines wait here, where they are bounded. */
  #arm(): void {
    if (this.#timer || this.#isSending || this.#isEnded || this.#lines.length === 0) return;
    this.#timer = setTimeout(() => this.#flush(), reportEveryMs);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const dropped = this.#dropped > 0 ? [`… ${this.#dropped} lines left out`] : [];
    const report = [...dropped, ...this.#lines].join('\n');
    this.#lines = [];
    this.#chars = 0;
    this.#dropped = 0;
    this.#isSending = true;
    this.#sending = this.#send(report).finally(() => {
      this.#isSending = false;
      this.#arm();
    });
  }
}
