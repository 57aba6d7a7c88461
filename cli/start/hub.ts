import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bundleModule, type Database, type Host, openHost, Rejection, serveStatic } from '../../engine/index.ts';
import { dashboardOption } from '../lib/dashboard.ts';
import { Failure } from '../lib/failure.ts';
import { writeSecret } from '../lib/files.ts';
import { type HistoryOptions, historyOf } from '../lib/history.ts';
import { type Home, readRunningHub } from '../lib/home.ts';
import { databaseName } from '../lib/hub.ts';
import { type LimitOptions, limitsOf } from '../lib/limits.ts';
import { localUrl } from '../lib/local-url.ts';
import { hookAddresses } from './hook-addresses.ts';

export interface HubSettings {
  readonly home: Home;
  readonly root: string;
  readonly hostname: string;
  readonly port: number;
  readonly history: HistoryOptions;
  readonly limits: LimitOptions;
  readonly warn: (message: string) => void;
  readonly onFailure: (error: Error) => void;
}

/** @throws Failure when a hub runs on this data already, or something else listens on the port. */
export async function checkFree({
  home,
  hostname,
  port,
}: Pick<HubSettings, 'home' | 'hostname' | 'port'>): Promise<void> {
  const running = await readRunningHub(home);
  if (running !== undefined && (await answers(running.url))) {
    throw new Failure(`Helix already runs on ${home.folder} at ${running.url}: use that one, or stop it first`);
  }
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(portFailure(error, hostname, port)));
    probe.listen({ host: hostname, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** Hosts the mesh's own module and the built web face. */
export async function startHub(settings: HubSettings): Promise<Host> {
  const { home, root, hostname, port } = settings;
  const bundle = await bundleModule(join(root, 'hub', 'index.ts'));
  let hub: Database | undefined;
  const host = await open(settings);
  try {
    const { identity, token } = host.operator;
    const published = await host.databases.publish({
      name: databaseName,
      owner: identity,
      bundle,
      clear: false,
      breakClients: true,
      token: undefined,
    });
    hub = published.database;
    await writeSecret(home.ownerToken, `${token}\n`);
    const running = { url: localUrl(host.url), database: databaseName };
    await writeFile(home.hubFile, `${JSON.stringify(running)}\n`);
    return host;
  } catch (error) {
    await host.close();
    throw error;
  }

  async function open({ warn, onFailure, history, limits }: HubSettings): Promise<Host> {
    try {
      return await openHost({
        dataDirectory: home.hubData,
        hostname,
        port,
        ...dashboardOption(),
        fallback: hookAddresses(() => hub, serveStatic(join(root, 'web', 'build'))),
        warn,
        onFailure,
        ...historyOf(history),
        ...limitsOf(limits),
      });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      if (error.code === 'data-folder-locked') {
        throw new Failure(`Helix already runs on ${home.folder}: use that one, or stop it first`, { cause: error });
      }
      if (error.code === 'address-in-use') throw taken(hostname, port);
      throw error;
    }
  }
}

export async function stopHub(home: Home, host: Host): Promise<void> {
  await rm(home.hubFile, { force: true });
  await host.close();
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/v1/ping', url), { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

function portFailure(error: NodeJS.ErrnoException, hostname: string, port: number): Failure {
  if (error.code === 'EADDRINUSE') return taken(hostname, port);
  if (error.code === 'EACCES') {
    return new Failure(`This user may not listen on port ${port}: choose one above 1023 with --port`);
  }
  return new Failure(`${hostname} is not an address of this machine (${error.code}): check --host`);
}

function taken(hostname: string, port: number): Failure {
  return new Failure(`Port ${port} on ${hostname} is taken: stop what listens there, or choose another with --port`);
}
