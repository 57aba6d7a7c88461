import { Rejection } from '../../errors.ts';
import type { Clock, Timer } from '../../host/clock.ts';
import type { Admission, Socket, SocketRequest } from '../../host/net.ts';
import type { Random } from '../../host/random.ts';
import type { Database, Databases } from '../contract.ts';
import type { Authenticator, Credentials } from '../identity/authority.ts';
import { batchCodec, type Codec } from '../wire/codec.ts';
import { V1Session } from '../wire/v1/session.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import type { Counters } from './counters.ts';
import { readSubscribeRequest, type SubscribeRequest } from './handshake.ts';
import type { Limits } from './limits.ts';
import { Turn } from './turn.ts';

export interface SocketsOptions {
  readonly databases: Databases;
  readonly authority: Authenticator;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly counters: Counters;
  /** Calls `run` at the end of this turn of the event loop, and again when the thread was taken out of it. */
  readonly atTurnEnd: (run: () => void) => void;
  readonly report: (error: unknown, doing: string) => void;
}

interface Watch {
  readonly waiting: Set<Connection>;
  readonly stop: () => void;
  connectionCount: number;
}

/** Every open WebSocket of the host. */
export class Sockets implements ConnectionHost {
  readonly limits: Limits;
  readonly counters: Counters;
  readonly #options: SocketsOptions;
  readonly #turn: Turn;
  readonly #connections = new Set<Connection>();
  readonly #watches = new Map<Database, Watch>();
  #heartbeat: Timer;
  #onEmpty: (() => void) | undefined;

  constructor(options: SocketsOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.counters = options.counters;
    this.#turn = new Turn(options.limits, options.atTurnEnd);
    this.#heartbeat = this.#nextHeartbeat();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Opens a connection for whoever asks for a socket, or refuses with a status and a text. */
  async admit(request: SocketRequest): Promise<Admission> {
    try {
      const asked = readSubscribeRequest(request);
      if (asked.kind === 'refuse') return asked;
      const credentials = await this.#authenticate(asked.token);
      const database = this.#options.databases.find(asked.nameOrIdentity);
      if (database === undefined) return refuse(404, `\`${asked.nameOrIdentity}\` not found`);
      if (this.#onEmpty !== undefined) return refuse(503, 'The server is shutting down.');
      const open = (socket: Socket) => this.#open({ asked, credentials, database, socket });
      return { kind: 'accept', protocol: asked.protocol, open };
    } catch (error) {
      if (error instanceof Rejection) return refuse(error.code === 'token' ? 401 : 400, error.message);
      this.#options.report(error, 'opening a WebSocket');
      return refuse(500, 'The server failed to open the connection.');
    }
  }

  /** Closes every connection with code 1001; those that have not gone after `graceMs` are cut off. */
  async close(graceMs: number): Promise<void> {
    this.#heartbeat.cancel();
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of this.#connections) connection.close(1001, 'The server is shutting down.');
    const cutOff = this.#options.clock.setTimer(graceMs, () => {
      for (const connection of this.#connections) connection.terminate();
    });
    if (this.#connections.size > 0) await emptied;
    cutOff.cancel();
  }

  wantsHandling(connection: Connection): void {
    this.#turn.handle(connection);
  }

  handleNow(connection: Connection): void {
    this.#turn.handleNow(connection);
  }

  wantsFlush(connection: Connection): void {
    this.#turn.flush(connection);
  }

  awaitsDurable(connection: Connection): void {
    this.#watches.get(connection.database)?.waiting.add(connection);
  }

  report(error: unknown, doing: string): void {
    this.#options.report(error, doing);
  }

  #authenticate(token: string | undefined): Promise<Credentials> {
    return token === undefined ? this.#options.authority.mint() : this.#options.authority.verify(token);
  }

  #open(opening: {
    readonly asked: SubscribeRequest;
    readonly credentials: Credentials;
    readonly database: Database;
    readonly socket: Socket;
  }): void {
    const { asked, credentials, database, socket } = opening;
    const connectionId = this.#newConnectionId();
    const connection = new Connection({
      host: this,
      database,
      socket,
      credentials,
      connectionId,
      codec: this.#codecOf(asked, database, { identity: credentials.identity, connectionId }),
      isConfirmed: asked.isConfirmed,
    });
    this.#connections.add(connection);
    this.counters.connectionsOpened += 1;
    this.#watch(database);
    let isConnected = false;
    const onEnded = () => {
      this.#unwatch(connection);
      if (isConnected) this.#disconnect(connection);
    };
    connection.start(onEnded, () => {
      this.#connections.delete(connection);
      this.counters.connectionsClosed += 1;
      if (this.#connections.size === 0) this.#onEmpty?.();
    });
    const { identity, token } = credentials;
    connection.deliver({ kind: 'initial-connection', identity, connectionId: connection.connectionId, token }, -1);
    try {
      database.connect(connection);
      isConnected = true;
    } catch (error) {
      if (!(error instanceof Rejection)) this.#options.report(error, 'running the connect hook');
      connection.close(1011, error instanceof Rejection ? error.message : 'The server failed to connect the client.');
    }
  }

  #codecOf(asked: SubscribeRequest, database: Database, client: Pick<Connection, 'identity' | 'connectionId'>): Codec {
    const { protocol, compression, isLight } = asked;
    if (protocol === 'v3.bsatn.spacetimedb') return batchCodec(3, compression);
    if (protocol === 'v2.bsatn.spacetimedb') return batchCodec(2, compression);
    const encoding = protocol === 'v1.json.spacetimedb' ? 'json' : 'bsatn';
    const nowMicros = () => this.#options.clock.nowMicros();
    return new V1Session({ encoding, compression, isLight, database, client, nowMicros });
  }

  #newConnectionId(): bigint {
    const id = BigInt(`0x${Buffer.from(this.#options.random.bytes(16)).toString('hex')}`);
    // 0 is reserved for "no connection".
    return id === 0n ? 1n : id;
  }

  #nextHeartbeat(): Timer {
    return this.#options.clock.setTimer(this.limits.pingIntervalMs, () => {
      for (const connection of this.#connections) connection.heartbeat();
      this.#heartbeat = this.#nextHeartbeat();
    });
  }

  #disconnect(connection: Connection): void {
    try {
      connection.database.disconnect(connection);
    } catch (error) {
      this.#options.report(error, 'running the disconnect hook');
    }
  }

  #watch(database: Database): void {
    const known = this.#watches.get(database);
    if (known !== undefined) {
      known.connectionCount += 1;
      return;
    }
    const waiting = new Set<Connection>();
    const stop = database.onDurable(() => {
      for (const connection of waiting) this.#turn.flush(connection);
      waiting.clear();
    });
    this.#watches.set(database, { waiting, stop, connectionCount: 1 });
  }

  #unwatch(connection: Connection): void {
    const watch = this.#watches.get(connection.database);
    if (watch === undefined) return;
    watch.waiting.delete(connection);
    watch.connectionCount -= 1;
    if (watch.connectionCount > 0) return;
    watch.stop();
    this.#watches.delete(connection.database);
  }
}

function refuse(status: number, message: string): Admission {
  return { kind: 'refuse', status, message };
}
