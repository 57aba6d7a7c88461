import type { Piece } from '../../bindings/types.ts';
import { cleanText, clip } from '../text.ts';

/** Lines that come together are one piece of at most so many characters. */
const lineCharsMax = 500;
const leftOutCharsMax = 40;
const textCharsMax = 2000;
/** What waits to be sent, and what waits to be kept; the hub takes twice as much at once. */
const charsMax = 4000;
const piecesMax = 16;

const sendEveryMs = 100;
const keepEveryMs = 1000;

/** How pieces get to the hub. Neither may reject. */
export interface Sender {
  /** Shows them to those who look on at the moment. */
  stream(pieces: Piece[]): Promise<void>;
  /** Keeps them also for those who look later. */
  keep(pieces: Piece[]): Promise<void>;
}

/**
 * Sends what a task tells, lines and texts that grow, at a bounded rate: what comes faster is sent together, and of what
 * does not fit the newest is sent. Ten times a second it is streamed to those who look on; once a second, and in the end,
 * what was streamed is sent again to be kept.
 */
export class Progress {
  readonly #sender: Sender;
  #waiting: Piece[] = [];
  /** Streamed, but not kept yet. */
  #streamed: Piece[] = [];
  #leftOut = 0;
  #parts = 0;
  #keptAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #flushAtMs = Number.POSITIVE_INFINITY;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #isEnded = false;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Tells a line. */
  line(text: string): void {
    const line = clip(cleanText(text).trimEnd(), lineCharsMax);
    if (this.#isEnded || line === '') return;
    const last = this.#waiting.at(-1);
    if (last?.kind.tag === 'Line') last.text = this.#newestLines(`${last.text}\n${line}`);
    else this.#add({ part: this.#parts++, start: 0, kind: { tag: 'Line' }, text: line });
    this.#arm();
  }

  /** Starts a text and returns what tells its next piece; pieces must be clean and hold whole characters. */
  text(): (piece: string) => void {
    let part: number | undefined;
    let start = 0;
    return (piece) => {
      if (this.#isEnded || piece === '') return;
      part ??= this.#parts++;
      for (const text of cut(piece)) {
        this.#add({ part, start, kind: { tag: 'Text' }, text });
        start += text.length;
      }
      this.#arm();
    };
  }

  /** Has all that was told kept, and settles when it is. What is told later is dropped. */
  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#sending;
    this.#flush();
    await this.#sending;
  }

  #newestLines(text: string): string {
    const lines = text.split('\n');
    while (lines.length > 1 && lines.join('\n').length > lineCharsMax - leftOutCharsMax) {
      lines.shift();
      this.#leftOut++;
    }
    return lines.join('\n');
  }

  #add(piece: Piece): void {
    append(this.#waiting, piece);
    while (this.#waiting.length > 1 && isMuch(this.#waiting)) {
      const dropped = this.#waiting.shift();
      if (dropped?.kind.tag === 'Line') this.#leftOut += dropped.text.split('\n').length;
    }
  }

  /** One report after the other: while the hub is slow, pieces wait here, where they are bounded. */
  #arm(): void {
    if (this.#isSending || this.#isEnded) return;
    const nowMs = performance.now();
    if (this.#waiting.length > 0) this.#flushAt(nowMs + sendEveryMs);
    else if (this.#streamed.length > 0) this.#flushAt(Math.max(nowMs, this.#keptAtMs + keepEveryMs));
  }

  #flushAt(atMs: number): void {
    if (atMs >= this.#flushAtMs) return;
    clearTimeout(this.#timer);
    this.#flushAtMs = atMs;
    this.#timer = setTimeout(() => this.#flush(), atMs - performance.now());
  }

  #flush(): void {
    this.#flushAtMs = Number.POSITIVE_INFINITY;
    const pieces = this.#takeWaiting();
    for (const piece of pieces) append(this.#streamed, piece);
    if (this.#streamed.length === 0) return;
    const nowMs = performance.now();
    const mustKeep = this.#isEnded || pieces.length === 0 || nowMs >= this.#keptAtMs + keepEveryMs;
    this.#isSending = true;
    this.#sending = (mustKeep || isMuch(this.#streamed) ? this.#keep(nowMs) : this.#sender.stream(pieces)).finally(
      () => {
        this.#isSending = false;
        this.#arm();
      },
    );
  }

  #keep(nowMs: number): Promise<void> {
    const pieces = this.#streamed;
    this.#streamed = [];
    this.#keptAtMs = nowMs;
    return this.#sender.keep(pieces);
  }

  #takeWaiting(): Piece[] {
    const pieces = this.#waiting;
    this.#waiting = [];
    const line = pieces.find(({ kind }) => kind.tag === 'Line');
    if (this.#leftOut > 0 && line) {
      line.text = `… ${this.#leftOut} lines left out\n${line.text}`;
      this.#leftOut = 0;
    }
    return pieces;
  }
}

/** Adds a piece, or lets the last one grow by it when it goes on with the same text. */
function append(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  const goesOn = last?.part === piece.part && last.start + last.text.length === piece.start;
  if (goesOn && last.text.length + piece.text.length <= textCharsMax) last.text += piece.text;
  else pieces.push({ ...piece });
}

function isMuch(pieces: readonly Piece[]): boolean {
  return pieces.length > piecesMax || pieces.reduce((sum, { text }) => sum + text.length, 0) > charsMax;
}

/** The text in parts that fit a piece, without cutting a character in two. */
function cut(text: string): string[] {
  if (text.length <= textCharsMax) return [text];
  const end = /[\uD800-\uDBFF]/.test(text.charAt(textCharsMax - 1)) ? textCharsMax - 1 : textCharsMax;
  return [text.slice(0, end), ...cut(text.slice(end))];
}
