import type { LinkState } from '$lib/live/connection.ts';
import { backoffMs, connectMsMax, hubOrigin } from '$lib/live/hub.ts';
import { ask } from '../api.ts';
import { readFrame, type ServerMessage, subscribeFrame, unsubscribeFrame } from './messages.ts';

export interface RowListener {
  applied(rows: readonly Uint8Array[]): void;
  changed(inserts: readonly Uint8Array[], deletes: readonly Uint8Array[]): void;
  /** The host's own words. The subscription is over until the next connection. */
  refused(message: string): void;
  /** The connection is gone: the rows may be stale until they are applied again. */
  lost(): void;
}

interface Subscription {
  readonly query: string;
  readonly listener: RowListener;
}

const protocols = ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];

/** One lasting WebSocket to a database. It dials again by itself, and whatever was subscribed is subscribed again. */
export class Link {
  state: LinkState = $state.raw({ kind: 'connecting' });
  wasLive = $state(false);
  /** Of the present connection, in hex; empty when there is none. */
  connectionId = $state('');
  /** What the host said when it ended the last connection; empty for nothing. */
  reason = $state('');
  readonly #database: string;
  readonly #subscriptions = new Map<number, Subscription>();
  #nextId = 1;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The try or connection that counts; what comes of earlier ones is nothing to us. */
  #current = new AbortController();
  #socket: WebSocket | undefined;
  readonly #onWake = () => this.#wake();

  /** @param database its identity */
  constructor(database: string) {
    this.#database = database;
    document.addEventListener('visibilitychange', this.#onWake);
    for (const event of ['online', 'pageshow']) window.addEventListener(event, this.#onWake);
    void this.#dial();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onWake);
    for (const event of ['online', 'pageshow']) window.removeEventListener(event, this.#onWake);
    this.#drop();
  }

  retryNow(): void {
    if (this.state.kind === 'waiting') void this.#dial();
  }

  /** Keeps a query subscribed; returns how to stop. */
  subscribe(query: string, listener: RowListener): () => void {
    const id = this.#nextId++;
    this.#subscriptions.set(id, { query, listener });
    if (this.state.kind === 'live') this.#socket?.send(subscribeFrame(id, id, query));
    return () => {
      if (!this.#subscriptions.delete(id)) return;
      if (this.state.kind === 'live') this.#socket?.send(unsubscribeFrame(id, id));
    };
  }

  async #dial(): Promise<void> {
    this.#drop();
    this.#current = new AbortController();
    const { signal } = this.#current;
    this.state = { kind: 'connecting' };
    this.#timer = setTimeout(() => this.#failed(signal), connectMsMax);
    try {
      // The address of a socket may be written down somewhere: it carries a token that is good for a minute only.
      const answer = await ask('identity/websocket-token', { method: 'POST', signal });
      const { token } = (await answer.json()) as { token: string };
      if (!signal.aborted) this.#open(token, signal);
    } catch {
      this.#failed(signal);
    }
  }

  #open(token: string, signal: AbortSignal): void {
    const url = new URL(`v1/database/${this.#database}/subscribe?compression=None`, hubOrigin());
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('token', token);
    const socket = new WebSocket(url, protocols);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      if (signal.aborted) return;
      try {
        for (const message of readFrame(new Uint8Array(data as ArrayBuffer))) this.#handle(message);
      } catch (error) {
        this.reason = error instanceof Error ? error.message : String(error);
        this.#failed(signal);
      }
    };
    socket.onclose = ({ reason }) => {
      if (signal.aborted) return;
      this.reason = reason;
      this.#failed(signal);
    };
    this.#socket = socket;
  }

  #handle(message: ServerMessage): void {
    switch (message.kind) {
      case 'connected':
        clearTimeout(this.#timer);
        this.#attempt = 0;
        this.connectionId = message.connectionId;
        this.reason = '';
        this.state = { kind: 'live' };
        this.wasLive = true;
        for (const [id, { query }] of this.#subscriptions) this.#socket?.send(subscribeFrame(id, id, query));
        return;
      case 'applied':
        this.#subscriptions.get(message.querySetId)?.listener.applied(message.rows);
        return;
      case 'refused':
        this.#subscriptions.get(message.querySetId)?.listener.refused(message.message);
        return;
      case 'changed':
        for (const { querySetId, inserts, deletes } of message.changes) {
          this.#subscriptions.get(querySetId)?.listener.changed(inserts, deletes);
        }
        return;
      case 'other':
        return;
    }
  }

  #failed(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#drop();
    const delayMs = backoffMs(this.#attempt, Math.random());
    this.#attempt += 1;
    this.state = { kind: 'waiting', retryAt: Date.now() + delayMs };
    this.#timer = setTimeout(() => void this.#dial(), delayMs);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#current.abort();
    this.#socket?.close();
    this.#socket = undefined;
    if (this.connectionId === '') return;
    this.connectionId = '';
    for (const { listener } of this.#subscriptions.values()) listener.lost();
  }

  /** A page that slept may have lost its socket without being told, and its timers may be late. */
  #wake(): void {
    if (document.hidden) return;
    if (this.state.kind === 'waiting' || (this.#socket && this.#socket.readyState > WebSocket.OPEN)) void this.#dial();
  }
}
