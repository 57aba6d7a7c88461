import type { ClientMessage, Database, Received } from '../contract.ts';
import { FrameEncoder } from '../wire/frame.ts';
import type { Connection } from './connection.ts';
import type { Limits } from './limits.ts';

/**
 * Gathers what happens to sockets during one turn of the event loop and does it at the turn's end: first the messages
 * that were read are handled, so that one commit to disk can cover them all; then every client is written to once. A burst
 * is handled in several turns, so that what it tells a client never fills that client's queue before it can be written to.
 */
export class Turn {
  readonly #encoder: FrameEncoder;
  readonly #handledMax: number;
  readonly #atEnd: (run: () => void) => void;
  readonly #handling = new Map<Database, Intake>();
  #flushing = new Set<Connection>();
  #isScheduled = false;

  /** @param atEnd calls `run` at the end of the turn, and again when the thread was taken out of it */
  constructor({ frameBytesMax, handledMessagesMax }: Limits, atEnd: (run: () => void) => void) {
    this.#encoder = new FrameEncoder(frameBytesMax);
    this.#handledMax = handledMessagesMax;
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

  /** Handles all that the connection has sent, and what came before that, without waiting for the turn's end. */
  handleNow(connection: Connection): void {
    const { database } = connection;
    const intake = this.#handling.get(database);
    if (intake) {
      handle(database, intake, Number.POSITIVE_INFINITY);
      this.#handling.delete(database);
    }
    handle(database, new Intake(connection), Number.POSITIVE_INFINITY);
  }

  /** Called again after the thread was taken out of it, it goes on where it was. */
  readonly #run = (): void => {
    try {
      for (const [database, intake] of this.#handling) {
        handle(database, intake, this.#handledMax);
        if (!intake.isCut) this.#handling.delete(database);
      }
    } finally {
      this.#isScheduled = false;
    }
    // The rest has its turn after whatever else has come meanwhile.
    if (this.#handling.size > 0) setImmediate(() => this.#schedule());
    const flushing = this.#flushing;
    this.#flushing = new Set();
    for (const connection of flushing) connection.flush(this.#encoder);
    this.#encoder.forget();
  };
}

/** What connections have received, to be handed to their database at once, since a batch costs it less than its parts. */
class Intake implements Iterator<Received, undefined> {
  /** Those whose turn is still to come. */
  readonly #connections: Connection[];
  /** Whose messages are given away. */
  #current: Connection | undefined;
  #messages: readonly ClientMessage[] = [];
  #nextMessage = 0;
  #left = 0;
  /** Whether it has ended because enough messages were given away for now. */
  isCut = false;

  constructor(connection: Connection) {
    this.#connections = [connection];
  }

  /** A connection that has messages; it is to be added once. */
  add(connection: Connection): void {
    this.#connections.push(connection);
  }

  /** Gives away so many messages more. */
  begin(count: number): void {
    this.#left = count;
    this.isCut = false;
  }

  next(): IteratorResult<Received, undefined> {
    for (;;) {
      if (this.#left <= 0) {
        this.isCut = true;
        return { done: true, value: undefined };
      }
      const client = this.#current;
      const message = this.#messages[this.#nextMessage];
      if (client?.isOpen && message) {
        this.#nextMessage += 1;
        this.#left -= 1;
        return { done: false, value: { client, message } };
      }
      client?.resume();
      this.#current = this.#connections.shift();
      if (this.#current === undefined) return { done: true, value: undefined };
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

/** Handles at most so many messages of an intake. */
function handle(database: Database, intake: Intake, count: number): void {
  intake.begin(count);
  for (let isDone = false; !isDone; ) {
    try {
      database.handle(intake);
      isDone = true;
    } catch (error) {
      if (!intake.fail(error)) throw error;
    }
  }
}
