import { join, relative, resolve } from 'node:path';
import { dashboardOption } from '../lib/dashboard.ts';
import { findHome } from '../lib/home.ts';
import { openOwnHost } from '../lib/own-host.ts';
import { announce } from '../lib/running.ts';
import { findServer, type Server } from '../lib/server.ts';

export interface DevServerOptions {
  readonly name: string;
  readonly data?: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly server?: string;
  readonly tokenFile?: string;
}

/** Where a module under development is published to. */
export interface DevServer {
  readonly server: Server;
  /** The folder with the rows, as it is shown; undefined when another process keeps them. */
  readonly data: string | undefined;
  /** Rejects when the server cannot go on. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** A server of its own in this process, or the running one that `--server` names. */
export async function openServer(options: DevServerOptions): Promise<DevServer> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  if (options.server !== undefined) {
    return { server: await findServer(options), data: undefined, failed, close: async () => {} };
  }
  const data = resolve(options.data ?? join(findHome().folder, 'dev'));
  const host = await openOwnHost(data, options.listen, { onFailure: fail, ...dashboardOption() });
  const withdraw = await announce(data, host.url, options.name, (message) => console.error(`helix: ${message}`));
  const server = { url: host.url, token: host.operator.token, database: options.name, tokenFrom: data };
  return {
    server,
    data: relative(process.cwd(), data) || '.',
    failed,
    async close() {
      await withdraw();
      await host.close();
    },
  };
}
