import type { Database, Received } from '../contract.ts';
import { FrameEncoder } from '../wire/frame.ts';
import type { Connection } from './connection.ts';

/**
 * Gathers what happens to sockets during one turn of the event loop and does it at the turn's end: first every message
 * that was read is handled, so that one commit to disk can cover them all; then every client is written to once.
 */
export class Turn {
  readonly #encoder: FrameEncoder;
  #handling = new Map<Database, Set<Connection>>();
  #flushing = new Set<Connection>();
  #isScheduled = false;

  constructor(frameBytesMax: number) {
    this.#encoder = new FrameEncoder(frameBytesMax);
  }

  handle(connection: Connection): void {
    const connections = this.#handling.get(connection.database);
    if (connections) connections.add(connection);
    else this.#handling.set(connection.database, new Set([connection]));
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
    this.#handling = new Map();
    for (const [database, connections] of handling) handleAll(database, connections);
    const flushing = this.#flushing;
    this.#flushing = new Set();
    for (const connection of flushing) connection.flush(this.#encoder);
    this.#encoder.forget();
  }
}

/** Hands everything that connections received to their database at once, since a batch costs it less than its parts. */
export function handleAll(database: Database, connections: Iterable<Connection>): void {
  /** Whose message was taken last and has not failed yet. */
  let current: Connection | undefined;
  const received = (function* (): Generator<Received, void> {
    for (const connection of connections) {
      for (const one of connection.take()) {
        current = connection;
        yield one;
      }
    }
  })();
  for (let isDone = false; !isDone; ) {
    try {
      database.handle(received);
      isDone = true;
    } catch (error) {
      if (current === undefined) throw error;
      current.fail(error);
      current = undefined;
    }
  }
}
