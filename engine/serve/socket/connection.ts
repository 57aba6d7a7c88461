import type { Socket } from '../../host/net.ts';
import type { Client, ClientMessage, Database, ServerMessage } from '../contract.ts';
import type { Credentials } from '../identity/authority.ts';
import type { Codec } from '../wire/codec.ts';
import { WireError } from '../wire/error.ts';
import type { FrameEncoder } from '../wire/frame.ts';
import type { Counters } from './counters.ts';
import type { Limits } from './limits.ts';
import { Outbox } from './outbox.ts';

/** Bytes of the close reason that a close frame can hold. */
const reasonBytesMax = 123;

/** What a connection asks of the server it belongs to. */
export interface ConnectionHost {
  readonly limits: Limits;
  readonly counters: Counters;
  /** The connection has messages to be handled: takes and handles them later in this turn. */
  wantsHandling(connection: Connection): void;
  /** Takes and handles the messages of the connection now. */
  handleNow(connection: Connection): void;
  /** The connection has messages that may be sendable: calls `flush` once, later in this turn. */
  wantsFlush(connection: Connection): void;
  /** The connection waits for its database's durable offset to grow: calls `flush` then. */
  awaitsDurable(connection: Connection): void;
  report(error: unknown, doing: string): void;
}

export interface ConnectionOptions {
  readonly host: ConnectionHost;
  readonly database: Database;
  readonly socket: Socket;
  readonly credentials: Credentials;
  readonly connectionId: bigint;
  readonly codec: Codec;
  readonly isConfirmed: boolean;
}

/** One client's socket: frames in, messages out, both bounded. */
export class Connection implements Client {
  readonly identity: bigint;
  readonly connectionId: bigint;
  readonly claims: string;
  readonly database: Database;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #codec: Codec;
  readonly #isConfirmed: boolean;
  readonly #outbox: Outbox;
  #incoming: ClientMessage[] = [];
  #isOpen = true;
  #onEnded: (() => void) | undefined;
  #heartbeatsMissed = 0;

  constructor(options: ConnectionOptions) {
    const { host, credentials } = options;
    this.identity = credentials.identity;
    this.claims = credentials.claims;
    this.connectionId = options.connectionId;
    this.database = options.database;
    this.#host = host;
    this.#socket = options.socket;
    this.#codec = options.codec;
    this.#isConfirmed = options.isConfirmed;
    this.#outbox = new Outbox(host.limits.outgoingMessagesMax, host.limits.outgoingBytesMax);
  }

  /**
   * Starts reading.
   * @param onEnded called once, when nothing more will be handled or sent, though a farewell may be under way
   * @param onClosed called once after that, when the socket is gone
   */
  start(onEnded: () => void, onClosed: () => void): void {
    this.#onEnded = onEnded;
    this.#socket.start({
      message: (bytes, isBinary) => this.#receive(bytes, isBinary),
      alive: () => this.#isAlive(),
      closed: () => {
        // What arrived before the close was sent on purpose, and is handled.
        this.#host.handleNow(this);
        this.#isOpen = false;
        this.#outbox.clear();
        this.#tellEnded();
        onClosed();
      },
    });
  }

  deliver(message: ServerMessage, offset: number): void {
    if (!this.#isOpen) return;
    const refusal = this.#outbox.push(message, offset);
    if (refusal === undefined) {
      this.#host.wantsFlush(this);
      return;
    }
    this.#host.counters.clientsDropped += 1;
    this.#end(1013, `The client reads too slowly: ${refusal}. Connect again and subscribe anew.`);
  }

  close(code: number, reason: string): void {
    this.#end(code, reason);
  }

  /** Drops the socket without a farewell. */
  terminate(): void {
    this.#socket.terminate();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Gives away everything received. */
  take(): readonly ClientMessage[] {
    const messages = this.#incoming;
    this.#incoming = [];
    this.#host.counters.messagesReceived += messages.length;
    return messages;
  }

  /** What was taken has been handled: reads on. */
  resume(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  /** Ends the connection because of a bug that one of its messages met. */
  fail(error: unknown): void {
    this.#host.report(error, 'handling messages of a client');
    this.#end(1011, 'The server failed to handle a message.');
  }

  /** Sends what may be sent, as few frames as possible in one write. */
  flush(encoder: FrameEncoder): void {
    if (!this.#isOpen || this.#outbox.isEmpty) return;
    // When the socket has drained, `#sent` asks for the next flush.
    const { socketBytesMax } = this.#host.limits;
    if (this.#socket.waitingBytes > socketBytesMax) return;
    const messages = this.#outbox.take(this.#visibleOffset, socketBytesMax);
    if (messages.length === 0) {
      this.#host.awaitsDurable(this);
      return;
    }
    let frames: readonly (Buffer | string)[];
    try {
      frames = this.#codec.encode(encoder, messages);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#send(frames, messages.length);
  }

  /** Called every ping interval; pings, and ends a connection that has been silent for `idleMs`. */
  heartbeat(): void {
    const { idleMs, pingIntervalMs } = this.#host.limits;
    if (this.#heartbeatsMissed * pingIntervalMs >= idleMs) {
      this.terminate();
      return;
    }
    this.#heartbeatsMissed += 1;
    if (this.#isOpen) this.#socket.ping();
  }

  get refusesEventTables(): boolean {
    return this.#codec.refusesEventTables;
  }

  get #visibleOffset(): number {
    return this.#isConfirmed ? this.database.durableOffset : Number.POSITIVE_INFINITY;
  }

  #send(frames: readonly (Buffer | string)[], messageCount: number): void {
    const { counters } = this.#host;
    counters.messagesSent += messageCount;
    counters.framesSent += frames.length;
    for (const frame of frames) counters.bytesSent += frame.length;
    this.#socket.send(frames, this.#sent);
  }

  readonly #sent = (): void => {
    if (this.#isOpen && !this.#outbox.isEmpty) this.#host.wantsFlush(this);
  };

  #receive(data: Buffer, isBinary: boolean): void {
    this.#isAlive();
    if (!this.#isOpen) return;
    if (isBinary === this.#codec.isText) {
      const [seen, expected] = isBinary ? ['Binary', 'JSON in text'] : ['Text', 'BSATN in binary'];
      this.#end(1003, `${seen} frames are not understood: send ${expected} frames.`);
      return;
    }
    const { incomingMessagesMax } = this.#host.limits;
    const countBefore = this.#incoming.length;
    try {
      this.#codec.decode(data, (message) => {
        if (this.#incoming.length >= incomingMessagesMax) throw new QueueFull();
        this.#incoming.push(message);
      });
    } catch (error) {
      if (error instanceof QueueFull) this.#end(1013, `More than ${incomingMessagesMax} messages wait to be handled.`);
      else if (error instanceof WireError) this.#end(1011, `A frame does not decode: ${error.message}`);
      else throw error;
      return;
    }
    if (countBefore === 0 && this.#incoming.length > 0) this.#host.wantsHandling(this);
    // Let a burst be handled before more of it is read.
    if (this.#incoming.length > incomingMessagesMax / 4) this.#socket.pause();
  }

  #isAlive(): void {
    this.#heartbeatsMissed = 0;
  }

  /** Ends the connection from this side: nothing more is handled, nothing more is sent. */
  #end(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#incoming = [];
    this.#outbox.clear();
    this.#socket.close(code, shortened(reason));
    // Later, because the database may be in the middle of delivering. Not when the socket has closed, because a client
    // that does not read may take long for its farewell.
    setImmediate(() => this.#tellEnded());
  }

  #tellEnded(): void {
    this.#onEnded?.();
    this.#onEnded = undefined;
  }
}

class QueueFull extends Error {}

function shortened(reason: string): string {
  const bytes = Buffer.from(reason, 'utf8');
  if (bytes.length <= reasonBytesMax) return reason;
  // Cut at a character: a trailing part of one decodes to U+FFFD.
  const cut = bytes.subarray(0, reasonBytesMax - 3).toString('utf8');
  return `${cut.replace(/\ufffd+$/, '')}…`;
}
