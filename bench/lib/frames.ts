/**
 * Reads WebSocket frames of a server off a stream, as cheaply as can be: knows how long each is and nothing else.
 * A frame that compresses, masks or splits messages is not expected.
 */
export class FrameReader {
  readonly #onFrame: (payloadBytes: number) => void;
  readonly #onPing: () => void;
  #header: number[] = [];
  #left = 0;

  constructor(onFrame: (payloadBytes: number) => void, onPing: () => void) {
    this.#onFrame = onFrame;
    this.#onPing = onPing;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#header.push(chunk[at] ?? 0);
      at += 1;
      this.#begin();
    }
  }

  #begin(): void {
    const [, length = 0, ...extended] = this.#header;
    if (this.#header.length < 2) return;
    const extendedBytes = length === 127 ? 8 : length === 126 ? 2 : 0;
    if (extended.length < extendedBytes) return;
    this.#left = extendedBytes === 0 ? length : extended.reduce((sum, byte) => sum * 256 + byte, 0);
    const kind = (this.#header[0] ?? 0) & 0x0f;
    this.#header = [];
    if (kind <= 2) this.#onFrame(this.#left);
    else if (kind === 9) this.#onPing();
  }
}
