import type { Admission, Socket, SocketListener } from '../net.ts';
import { type Parcel, Pipe } from './pipe.ts';

/** What whoever dialled is told. Nothing comes after `closed`. */
export interface Caller {
  opened(protocol: string): void;
  message(bytes: Buffer): void;
  closed(reason: string): void;
}

/** A connection from the outside: what its caller does with it, and what may happen to it. */
export class SimConnection {
  readonly #caller: Caller;
  readonly #forget: () => void;
  readonly #toCaller = new Pipe((parcel) => this.#reachCaller(parcel));
  readonly #toServer = new Pipe((parcel) => this.#reachServer(parcel));
  readonly #server = new ServerEnd(this.#toCaller, this.#toServer);
  #isCallerThere = true;

  constructor(caller: Caller, forget: () => void) {
    this.#caller = caller;
    this.#forget = forget;
  }

  get pipes(): readonly Pipe[] {
    return [this.#toCaller, this.#toServer];
  }

  /** Who listens has decided. */
  answer(admission: Admission): void {
    if (!this.#isCallerThere) return;
    if (admission.kind === 'refuse') {
      this.#toCaller.push({ kind: 'close', reason: `${admission.status} ${admission.message}` });
      return;
    }
    this.#caller.opened(admission.protocol);
    this.#server.isThere = true;
    admission.open(this.#server);
  }

  send(bytes: Uint8Array): void {
    this.#toServer.push({ kind: 'message', bytes: Buffer.from(bytes), taken: undefined });
  }

  /** Says farewell after what was sent. */
  close(): void {
    this.#toServer.push({ kind: 'close', reason: 'the caller has left' });
  }

  /** The connection breaks: what is under way is lost, and each side notices in its own time. */
  drop(): void {
    for (const pipe of this.pipes) {
      pipe.cut();
      pipe.push({ kind: 'close', reason: 'the connection broke' });
    }
  }

  /** Nothing arrives on either side for so many of its turns. */
  delay(turns: number): void {
    for (const pipe of this.pipes) pipe.slowTurns += turns;
  }

  #reachCaller(parcel: Parcel): void {
    if (!this.#isCallerThere) return;
    if (parcel.kind === 'message') this.#caller.message(parcel.bytes);
    else if (parcel.kind === 'ping') this.#toServer.push({ kind: 'pong' });
    else if (parcel.kind === 'close') {
      this.#isCallerThere = false;
      this.#toServer.push(parcel);
      this.#caller.closed(parcel.reason);
      this.#forgetWhenOver();
    }
  }

  #reachServer(parcel: Parcel): void {
    if (parcel.kind === 'close') this.#toCaller.push(parcel);
    this.#server.reach(parcel);
    this.#forgetWhenOver();
  }

  #forgetWhenOver(): void {
    if (!this.#isCallerThere && !this.#server.isThere) this.#forget();
  }
}

class ServerEnd implements Socket {
  isThere = false;
  readonly #toCaller: Pipe;
  readonly #toServer: Pipe;
  #listener: SocketListener | undefined;

  constructor(toCaller: Pipe, toServer: Pipe) {
    this.#toCaller = toCaller;
    this.#toServer = toServer;
  }

  get waitingBytes(): number {
    return this.#toCaller.waitingBytes;
  }

  get isPaused(): boolean {
    return this.#toServer.isPaused;
  }

  start(listener: SocketListener): void {
    this.#listener = listener;
  }

  reach(parcel: Parcel): void {
    if (!this.isThere) return;
    if (parcel.kind === 'message') this.#listener?.message(parcel.bytes, true);
    else if (parcel.kind !== 'close') this.#listener?.alive();
    else {
      this.isThere = false;
      this.#listener?.closed();
    }
  }

  send(messages: readonly Uint8Array[], taken: () => void): void {
    for (const bytes of messages) this.#toCaller.push({ kind: 'message', bytes: Buffer.from(bytes), taken });
  }

  ping(): void {
    this.#toCaller.push({ kind: 'ping' });
  }

  pause(): void {
    this.#toServer.isPaused = true;
  }

  resume(): void {
    this.#toServer.isPaused = false;
  }

  close(_code: number, reason: string): void {
    this.#toServer.isPaused = false;
    this.#toCaller.push({ kind: 'close', reason });
  }

  terminate(): void {
    this.#toServer.isPaused = false;
    for (const pipe of [this.#toCaller, this.#toServer]) {
      pipe.cut();
      pipe.push({ kind: 'close', reason: 'the server cut the connection off' });
    }
  }
}
