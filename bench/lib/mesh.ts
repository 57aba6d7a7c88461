import { createHash, randomUUID } from 'node:crypto';
import { setGlobalLogLevel } from 'spacetimedb';
import { WebSocket } from 'undici';
import { DbConnection } from '../../bindings/index.ts';

/** The tenant that a hub is made with. */
export const tenantId = 1n;

/** Connects with confirmed reads, as the identity of a token or as a new one. */
export function connectToMesh(url: string, token?: string): Promise<DbConnection> {
  // Node 20 has none of its own.
  globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
  setGlobalLogLevel('error');
  return new Promise((resolve, reject) => {
    DbConnection.builder()
      .withUri(url.replace(/^http/, 'ws'))
      .withDatabaseName('helix')
      .withToken(token)
      .withConfirmedReads(true)
      .onConnect((connection) => resolve(connection))
      .onConnectError((_context, error) => reject(error))
      .build();
  });
}

/** Subscribes to whole tables or views, and waits for their rows. */
export function subscribe(connection: DbConnection, ...names: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError(({ event }) => reject(event ?? new Error('the subscription failed')))
      .subscribe(names.map((name) => `SELECT * FROM ${name}`));
  });
}

/** @returns the code that pairs a limb */
export function inviteLimb(owner: DbConnection): Promise<string> {
  return invite(owner, 'Limb');
}

/** @returns the code that signs a viewer in */
export function inviteMember(owner: DbConnection): Promise<string> {
  return invite(owner, 'Member');
}

async function invite(owner: DbConnection, kind: 'Limb' | 'Member'): Promise<string> {
  const code = randomUUID();
  await owner.reducers.createInvite({
    tenantId,
    kind: { tag: kind },
    role: { tag: 'Viewer' },
    handle: code.slice(0, 8),
    codeHash: createHash('sha256').update(code).digest('hex'),
    lifeMs: 0,
  });
  return code;
}
