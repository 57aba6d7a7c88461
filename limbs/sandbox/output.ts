import { StringDecoder } from 'node:string_decoder';
import type { Output } from './engine.ts';

/** A line without end is handed on in pieces of this length. */
const lineCharsMax = 8192;

export interface Budget {
  bytesLeft: number;
}

/** One stream of a run: kept up to a budget shared with the other stream, handed on line by line. */
export class OutputStream {
  truncated = false;
  #text = '';
  #line = '';
  readonly #decoder = new StringDecoder('utf8');
  readonly #stream: Output['stream'];
  readonly #budget: Budget;
  readonly #onOutput: ((output: Output) => void) | undefined;

  constructor(stream: Output['stream'], budget: Budget, onOutput: ((output: Output) => void) | undefined) {
    this.#stream = stream;
    this.#budget = budget;
    this.#onOutput = onOutput;
  }

  get text(): string {
    return this.#text;
  }

  /** False when the budget did not cover all of `bytes`. */
  push(bytes: Buffer): boolean {
    const kept = bytes.subarray(0, this.#budget.bytesLeft);
    this.#budget.bytesLeft -= kept.length;
    this.truncated ||= kept.length < bytes.length;
    this.#append(this.#decoder.write(kept));
    return !this.truncated;
  }

  end(): void {
    this.#append(this.#decoder.end());
    if (this.#line !== '') this.#emit(this.#line);
    this.#line = '';
  }

  #append(text: string): void {
    this.#text += text;
    this.#line += text;
    let start = 0;
    for (;;) {
      const lineBreak = this.#line.indexOf('\n', start);
      const end = lineBreak === -1 ? start + lineCharsMax : Math.min(lineBreak + 1, start + lineCharsMax);
      if (lineBreak === -1 && end > this.#line.length) break;
      this.#emit(this.#line.slice(start, end));
      start = end;
    }
    this.#line = this.#line.slice(start);
  }

  #emit(text: string): void {
    this.#onOutput?.({ stream: this.#stream, text });
  }
}
