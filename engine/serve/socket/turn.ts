import type { ClientMessage, Database, Received } from '../contract.ts';
import { FrameEncoder } from '../wire/frame.ts';
import type { Connection } from './connection.ts';

/**
 * Gathers what happens to sockets during one turn of the event loop and does it at the turn's end: first every message
 * that was read is handled, so that one commit to disk can cover them all; then every client is written to once.
 */
export class Turn {
  readonly #encoder: FrameEncoder;
  readonly #atEnd: (run: () => void) => void;
  readonly #handling = new Map<Database, Intake>();
  #flushing = new Set<Connection>();
  #isScheduled = false;

  /** @param atEnd calls `run` at the end of the turn, and again when the thread was taken out of it */
  constructor(frameBytesMax: number, atEnd: (run: () => void) => void) {
    this.#encoder = new FrameEncoder(frameBytesMax);
    this.#atEnd = atEnd;
  }

  handle(connection: Connection): void {
    const intake = this.#handling.get(connection.database);
    if (intake) intake.add(connection);
    else this.#handling.set(connection.database, new Intake(connection));
    this.#schedule();
  }

  flush(connection: Connection): void {
    this.#flushing.add(connection);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#atEnd(this.#run);
  }

  /** Called again after the thread was taken out of it, it goes on where it was. */
  readonly #run = (): void => {
    try {
      for (const [database, intake] of this.#handling) {
        handleAll(database, intake);
        this.#handling.delete(database);
      }
    } finally {
      this.#isScheduled = false;
    }
    const flushing = this.#flushing;
    this.#flushing = new Set();
    for (const connection of flushing) connection.flush(this.#encoder);
    this.#encoder.forget();
  };
}

/** What connections have received, to be handed to their database at once, since a batch costs it less than its parts. */
export class Intake implements Iterator<Received, undefined> {
  readonly #connections: Connection[];
  #nextConnection = 0;
  /** Whose messages are given away. */
  #current: Connection | undefined;
  #messages: readonly ClientMessage[] = [];
  #nextMessage = 0;

  constructor(connection: Connection) {
    this.#connections = [connection];
  }

  /** A connection that has messages; it is to be added once. */
  add(connection: Connection): void {
    this.#connections.push(connection);
  }

  next(): IteratorResult<Received, undefined> {
    for (;;) {
      const client = this.#current;
      const message = this.#messages[this.#nextMessage];
      if (client?.isOpen && message) {
        this.#nextMessage += 1;
        return { done: false, value: { client, message } };
      }
      client?.resume();
      this.#current = this.#connections[this.#nextConnection];
      if (this.#current === undefined) return { done: true, value: undefined };
      this.#nextConnection += 1;
      this.#messages = this.#current.take();
      this.#nextMessage = 0;
    }
  }

  /** Ends the connection whose message was given away last. @returns whether there is one */
  fail(error: unknown): boolean {
    const current = this.#current;
    this.#current = undefined;
    current?.fail(error);
    return current !== undefined;
  }
}

/** Handles all of an intake. */
export function handleAll(database: Database, intake: Intake): void {
  for (let isDone = false; !isDone; ) {
    try {
      database.handle(intake);
      isDone = true;
    } catch (error) {
      if (!intake.fail(error)) throw error;
    }
  }
}
