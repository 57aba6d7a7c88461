import { setGlobalLogLevel } from 'spacetimedb';
import { DbConnection } from '$bindings/index.ts';
import type { Connection, LinkState } from './connection.ts';
import { isSignOut, isTokenRefused, storedToken, storeToken } from './credentials.ts';
import { Heartbeat } from './heartbeat.ts';
import { answerMsMax, backoffMs, connectMsMax, databaseName, hubOrigin } from './hub.ts';
import { forget, keep, recall } from './kept.ts';
import { Outstanding } from './outstanding.svelte.ts';
import { Refusals } from './refusals.svelte.ts';

export type Detach = () => void;

interface Waiter {
  readonly resolve: (connection: DbConnection) => void;
  readonly reject: (reason: Error) => void;
}

/** The call's connection went away before the answer came. */
class LinkLost extends Error {}

/** Thrown to calls that were still waiting when the session ended. */
export class SignedOut extends Error {
  constructor() {
    super('You are signed out.');
  }
}

/**
 * One lasting connection to the hub: it dials again by itself, and whatever was attached is attached again.
 * The SDK's own manager reconnects too, but tells nobody when, and keeps dialling with a token that the hub has refused.
 */
export class Link implements Connection {
  state: LinkState = $state.raw({ kind: 'connecting' });
  /** Hex of who we are, or were when this browser was last connected; empty before its first connection. */
  identity = $state(recall<string>('identity') ?? '');
  /** When the hub was last heard, in milliseconds since the epoch; undefined while it is, and before it ever was. */
  lostAt: number | undefined = $state(recall<number>('seenAt'));
  /** How long the hub took to answer when it was last asked, in milliseconds. */
  roundTripMs: number | undefined = $state();
  /** Calls of this page that the hub has not answered. */
  readonly unanswered = new Outstanding();
  /** Queries whose rows have not come since this connection was made. */
  readonly catchingUp = new Outstanding();
  /** Queries that the hub refuses. */
  readonly refusals = new Refusals();

  #connection: DbConnection | undefined;
  #live: DbConnection | undefined;
  #heartbeat: Heartbeat | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attachments = new Map<(connection: DbConnection) => Detach, Detach | undefined>();
  #waiters = new Set<Waiter>();
  #lossListeners = new Set<() => void>();
  #sessionListeners: (() => void)[] = [];

  get wasLive(): boolean {
    return this.identity !== '';
  }

  /** Runs `listener` when we have become somebody else: rows of the earlier session are not to be shown any more. */
  onSession(listener: () => void): void {
    this.#sessionListeners.push(listener);
  }

  /** Dials, and from now on comes back by itself. */
  start(): void {
    setGlobalLogLevel('error');
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#resume();
    });
    for (const event of ['focus', 'online', 'pageshow']) window.addEventListener(event, () => this.#resume());
    window.addEventListener('storage', (event) => {
      if (isSignOut(event)) this.#endSession();
    });
    window.addEventListener('pagehide', () => {
      if (this.#live) keep('seenAt', Date.now());
    });
    this.#dial();
  }

  /** Does not wait for the next try. */
  retryNow(): void {
    if (this.state.kind === 'waiting') this.#dial();
  }

  /** Runs `attach` on this and every later connection; returns how to stop. */
  attach(attach: (connection: DbConnection) => Detach): () => void {
    this.#attachments.set(attach, this.#live ? attach(this.#live) : undefined);
    return () => {
      this.#attachments.get(attach)?.();
      this.#attachments.delete(attach);
    };
  }

  /**
   * Makes a call and settles with the hub's answer. It waits for a connection, and makes the call again when the
   * connection goes away before the answer: only for reducers that may be called twice.
   * @throws the hub's rejection, or SignedOut
   */
  call(act: (reducers: DbConnection['reducers']) => Promise<void>): Promise<void> {
    return this.#asked((connection) => act(connection.reducers));
  }

  /** The same with a procedure that only looks. */
  ask<T>(act: (procedures: DbConnection['procedures']) => Promise<T>): Promise<T> {
    return this.#asked((connection) => act(connection.procedures));
  }

  async #asked<T>(act: (connection: DbConnection) => Promise<T>): Promise<T> {
    const answered = this.unanswered.begin();
    try {
      for (;;) {
        const connection = this.#live ?? (await this.#nextConnection());
        try {
          return await this.#answer(connection, act(connection));
        } catch (error) {
          if (!(error instanceof LinkLost)) throw error;
        }
      }
    } finally {
      answered();
    }
  }

  /** Forgets who we are, in all pages of this browser, and connects as somebody new. */
  signOut(): void {
    storeToken(undefined);
    this.#endSession();
  }

  #endSession(): void {
    for (const waiter of this.#waiters) waiter.reject(new SignedOut());
    this.#waiters.clear();
    this.#drop();
    this.identity = '';
    this.lostAt = undefined;
    forget('identity');
    forget('seenAt');
    for (const listener of this.#sessionListeners) listener();
    this.#attempt = 0;
    this.#dial();
  }

  #dial(): void {
    clearTimeout(this.#timer);
    this.state = { kind: 'connecting' };
    const token = storedToken();
    const connection: DbConnection = DbConnection.builder()
      .withUri(hubOrigin())
      .withDatabaseName(databaseName)
      .withToken(token)
      // The SDK unpacks compressed frames asynchronously and could then apply a small later frame first.
      .withCompression('none')
      .onConnect((_, identity, newToken) => this.#connected(connection, identity.toHexString(), newToken))
      .onConnectError(() => void this.#failed(connection, token))
      .onDisconnect(() => void this.#failed(connection, this.#live === connection ? undefined : token))
      .build();
    this.#connection = connection;
    this.#timer = setTimeout(() => void this.#failed(connection, undefined), connectMsMax);
  }

  #connected(connection: DbConnection, identity: string, token: string): void {
    if (connection !== this.#connection) return;
    clearTimeout(this.#timer);
    storeToken(token);
    this.#live = connection;
    this.#attempt = 0;
    if (this.identity !== '' && this.identity !== identity) for (const listener of this.#sessionListeners) listener();
    this.identity = identity;
    keep('identity', identity);
    this.lostAt = undefined;
    this.state = { kind: 'live' };
    for (const attach of this.#attachments.keys()) this.#attachments.set(attach, attach(connection));
    for (const waiter of this.#waiters) waiter.resolve(connection);
    this.#waiters.clear();
    this.#heartbeat = new Heartbeat(
      connection,
      (roundTripMs) => {
        this.roundTripMs = roundTripMs;
      },
      () => void this.#failed(connection, undefined),
    );
  }

  /** `token` is given when the hub may have refused it. */
  async #failed(connection: DbConnection, token: string | undefined): Promise<void> {
    if (connection !== this.#connection) return;
    this.#drop();
    const delayMs = backoffMs(this.#attempt, Math.random());
    this.#attempt += 1;
    this.state = { kind: 'waiting', retryAt: Date.now() + delayMs };
    this.#timer = setTimeout(() => this.#dial(), delayMs);
    if (token !== undefined && (await isTokenRefused(token)) && storedToken() === token) this.signOut();
  }

  /** Lets go of the present connection, whatever its state. */
  #drop(): void {
    clearTimeout(this.#timer);
    for (const [attach, detach] of this.#attachments) {
      detach?.();
      this.#attachments.set(attach, undefined);
    }
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    const connection = this.#connection;
    if (this.#live) this.#noteSeen();
    this.#connection = undefined;
    this.#live = undefined;
    connection?.disconnect();
    for (const listener of this.#lossListeners) listener();
    this.#lossListeners.clear();
  }

  #noteSeen(): void {
    this.lostAt = Date.now();
    keep('seenAt', this.lostAt);
  }

  /** A page that slept may have lost its socket without being told, and its timers may be late. */
  #resume(): void {
    if (this.state.kind === 'waiting') this.#dial();
    else if (this.#live?.isSocketClosed) {
      this.#drop();
      this.#dial();
    } else this.#heartbeat?.ask();
  }

  #nextConnection(): Promise<DbConnection> {
    return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject }));
  }

  #answer<T>(connection: DbConnection, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new LinkLost());
      const timer = setTimeout(() => void this.#failed(connection, undefined), answerMsMax);
      this.#lossListeners.add(lost);
      answer.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        this.#lossListeners.delete(lost);
      });
    });
  }
}
