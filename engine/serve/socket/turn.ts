import { FrameEncoder } from '../wire/frame.ts';
import type { Connection } from './connection.ts';

/**
 * Gathers what happens to sockets during one turn of the event loop and does it at the turn's end: first every message
 * that was read is handled, so that one commit to disk can cover them all; then every client is written to once.
 */
export class Turn {
  readonly #encoder: FrameEncoder;
  #handling = new Set<Connection>();
  #flushing = new Set<Connection>();
  #isScheduled = false;

  constructor(frameBytesMax: number) {
    this.#encoder = new FrameEncoder(frameBytesMax);
  }

  handle(connection: Connection): void {
    this.#handling.add(connection);
    this.#schedule();
  }

  flush(connection: Connection): void {
    this.#flushing.add(connection);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const handling = this.#handling;
    this.#handling = new Set();
    for (const connection of handling) connection.handleIncoming();
    const flushing = this.#flushing;
    this.#flushing = new Set();
    for (const connection of flushing) connection.flush(this.#encoder);
    this.#encoder.forget();
  }
}
