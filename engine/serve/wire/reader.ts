import { isUtf8 } from 'node:buffer';
import { WireError } from './error.ts';

/** Reads BSATN scalars from one frame; every read is checked against the frame's end. */
export class Reader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(what: string): number {
    return this.#bytes.readUInt8(this.#take(1, what));
  }

  u32(what: string): number {
    return this.#bytes.readUInt32LE(this.#take(4, what));
  }

  /** A view into the frame, not a copy. */
  bytes(what: string): Uint8Array {
    const length = this.u32(what);
    const start = this.#take(length, what);
    return this.#bytes.subarray(start, start + length);
  }

  string(what: string): string {
    const length = this.u32(what);
    const start = this.#take(length, what);
    const text = this.#bytes.toString('utf8', start, start + length);
    // Bytes that are not UTF-8 decode to U+FFFD, so the slow check is needed only when one is seen.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, start + length))) {
      throw new WireError(`${what} is not valid UTF-8`);
    }
    return text;
  }

  strings(what: string): string[] {
    const count = this.u32(what);
    if (count * 4 > this.remaining) {
      throw new WireError(`${what}: ${count} strings announced, but only ${this.remaining} bytes follow`);
    }
    return Array.from({ length: count }, () => this.string(what));
  }

  #take(count: number, what: string): number {
    const start = this.#offset;
    if (count > this.#bytes.length - start) {
      throw new WireError(`the frame ends inside ${what}: ${count} bytes needed, ${this.remaining} left`);
    }
    this.#offset = start + count;
    return start;
  }
}
