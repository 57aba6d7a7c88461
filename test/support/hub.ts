import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DbConnection } from '../../bindings/index.ts';
import { bundleModule, type Host, type HostOptions, openHost } from '../../engine/index.ts';

const hubEntry = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));

/** A hub of its own in this process, with real sockets and files. */
export interface TestHub {
  readonly host: Host;
  /** A new folder that is removed in the end. */
  readonly folder: string;
  /** Connects as the identity of a token, or as a new one. */
  connect(token?: string): Promise<DbConnection>;
  close(): Promise<void>;
}

export async function startTestHub(options: Pick<HostOptions, 'fallback'> = {}): Promise<TestHub> {
  const folder = mkdtempSync(join(tmpdir(), 'helix-test-'));
  const connections: DbConnection[] = [];
  const host = await openHost({
    dataDirectory: join(folder, 'hub'),
    port: 0,
    ...options,
    onFailure: (error) => {
      throw error;
    },
  });
  await host.databases.publish({
    name: 'helix',
    owner: host.operator.identity,
    bundle: await bundleModule(hubEntry),
    clear: false,
    breakClients: true,
    token: undefined,
  });
  return {
    host,
    folder,
    async connect(token) {
      const connection = await connectTo(host.url, token);
      connections.push(connection);
      return connection;
    },
    async close() {
      for (const connection of connections) connection.disconnect();
      await host.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function connectTo(url: string, token?: string): Promise<DbConnection> {
  return new Promise((resolve, reject) => {
    DbConnection.builder()
      .withUri(url.replace(/^http/, 'ws'))
      .withDatabaseName('helix')
      .withToken(token)
      .onConnect((connection) => resolve(connection))
      .onConnectError((_context, error) => reject(error))
      .build();
  });
}

/** Subscribes and waits until the rows are there. */
export function subscribe(connection: DbConnection, ...queries: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(context.event ?? new Error('the subscription failed')))
      .subscribe(queries);
  });
}

/** Waits until a condition over live rows holds. */
export async function until<T>(what: string, probe: () => T | undefined | false, timeoutMs = 25_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
