import { setGlobalLogLevel } from 'spacetimedb';
import { WebSocket } from 'undici';
import { DbConnection, tables } from '../../bindings/index.ts';
import { type EgressJournal, journaled } from '../egress/index.ts';
import { LimbError, messageOf } from '../errors.ts';

export interface HubAddress {
  /** `http://…` or `https://…` */
  readonly url: string;
  readonly database: string;
}

/** What a limb may do over a connection: every call of a reducer is written down before it is made. */
export type HubConnection = Pick<DbConnection, 'connectionId' | 'db' | 'reducers' | 'disconnect'>;

/** An open connection whose replica has the limb's views. */
export interface Link {
  readonly connection: HubConnection;
  readonly token: string;
  /** Hex. */
  readonly identity: string;
  /** Settles when the connection has ended. */
  readonly ended: Promise<void>;
}

const answerMsMax = 10_000;

/**
 * Connects with a token, or as a new identity without one, and waits for the views.
 * Throws `LimbError`: `token-rejected`, or retryable `hub-unreachable`.
 */
export async function connectToHub(hub: HubAddress, token: string | undefined, journal: EgressJournal): Promise<Link> {
  await checkHub(hub, token);
  // Node 20 has none of its own.
  globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
  setGlobalLogLevel('error');
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let build: DbConnection | undefined;
  const connected = new Promise<Link>((resolve, reject) => {
    build = DbConnection.builder()
      .withUri(hub.url)
      .withDatabaseName(hub.database)
      .withToken(token)
      .onConnect((connection, identity, ownToken) =>
        resolve({
          connection: {
            connectionId: connection.connectionId,
            db: connection.db,
            reducers: journaled(connection.reducers, journal),
            disconnect: () => connection.disconnect(),
          },
          identity: identity.toHexString(),
          token: ownToken,
          ended,
        }),
      )
      .onConnectError((_context, error) => reject(unreachable(hub, messageOf(error))))
      .onDisconnect(() => {
        end();
        reject(unreachable(hub, 'it ended the connection'));
      })
      .build();
  });
  try {
    const link = await withinTime(hub, connected);
    if (build) await withinTime(hub, Promise.race([subscribed(build, hub), ended.then(() => connected)]));
    return link;
  } catch (error) {
    build?.disconnect();
    throw error;
  }
}

function subscribed(connection: DbConnection, hub: HubAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(unreachable(hub, messageOf(context.event ?? 'it refused the subscription'))))
      .subscribe([tables.self, tables.offers, tables.leases, tables.leaseInputs, tables.leaseHistory, tables.ping]);
  });
}

/** Asks first by HTTP, whose answer tells a wrong token from a hub that is away. */
async function checkHub(hub: HubAddress, token: string | undefined): Promise<void> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    response = token
      ? await fetch(new URL('/v1/identity/websocket-token', hub.url), {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          signal,
        })
      : await fetch(new URL('/v1/ping', hub.url), { signal });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw unreachable(hub, messageOf(cause));
  }
  await response.arrayBuffer();
  if (response.status === 401 || response.status === 403) {
    throw new LimbError('token-rejected', `The hub at ${hub.url} does not accept this limb's token.`);
  }
  if (!response.ok) throw unreachable(hub, `it answered ${response.status}`);
}

async function withinTime<T>(hub: HubAddress, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unreachable(hub, 'it did not answer in time')), answerMsMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(hub: HubAddress, reason: string): LimbError {
  return new LimbError('hub-unreachable', `No connection to the hub at ${hub.url}: ${reason}`, { isRetryable: true });
}
