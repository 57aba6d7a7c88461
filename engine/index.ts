import { join } from 'node:path';
import { LocalDatabases } from './databases.ts';
import { Rejection } from './errors.ts';
import { HistoryThread } from './history/in-thread.ts';
import type { Lock } from './host/disk.ts';
import { nodeClock } from './host/node/clock.ts';
import { nodeDisk } from './host/node/disk.ts';
import { nodeMemory } from './host/node/memory.ts';
import { nodeRandom } from './host/node/random.ts';
import { openHostKeys } from './key-files.ts';
import { isDiskFull } from './log/reserve.ts';
import { forkInThread, takeSnapshotInThread } from './log-worker.ts';
import { evaluateInThread } from './module/load-worker.ts';
import type { Egress } from './module/procedures/fetch.ts';
import { serveStatic } from './serve/http/static.ts';
import type { Credentials } from './serve/identity/authority.ts';
import { createServer, type Server } from './serve/server.ts';
import type { SnapshotSettings } from './snapshots/keeper.ts';

export { Rejection } from './errors.ts';
export { lockFile } from './host/node/lock.ts';
export { bundle as bundleModule, describeModule } from './module/index.ts';
export type { Egress } from './module/procedures/fetch.ts';
export type { Database } from './serve/contract.ts';
export { requireDatabaseName } from './serve/http/database-name.ts';
export { answerRequest } from './serve/http/module-routes.ts';
export { serveStatic } from './serve/http/static.ts';

export interface HostOptions {
  /** Where everything is kept; made when it is missing. One process owns it at a time. */
  readonly dataDirectory: string;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** 0 takes a free one. Default 3000. */
  readonly port?: number;
  /** How long a reducer may run, or a procedure hold a transaction, before it is ended and undone. Default 10 s. */
  readonly callMsMax?: number;
  /** How long a procedure or an HTTP handler may run before it is ended. Default 10 min. */
  readonly procedureMsMax?: number;
  /** Where the procedures of a module may send requests. Default `public`: to public addresses, not to this network. */
  readonly egress?: Egress;
  /** OpenID Connect issuers whose tokens are accepted too; `any`: all at public https addresses. Default none. */
  readonly issuers?: 'any' | readonly string[];
  /** The folder of the built dashboard, served under `/_/`. Default: there is none. */
  readonly dashboard?: string;
  /** How many days of history are kept to show and to go back to; Infinity keeps all. Default 30. */
  readonly logKeepDays?: number;
  /** Bytes of a log after a snapshot that call for the next one. Default: half of its size, from 64 MiB to 1 GiB. */
  readonly snapshotAfterBytes?: number;
  /**
   * Bytes of memory that rows and their indexes may take; what makes them grow beyond is refused. Default: half of the
   * machine's memory, or of its container's.
   */
  readonly memoryBytesMax?: number;
  /** Answers whatever is not under `/v1`. Default: 404. */
  readonly fallback?: (request: Request) => Response | Promise<Response>;
  /** What an operator should read. Default: standard error. */
  readonly warn?: (message: string) => void;
  /** Called when the host cannot keep its promises any more: whoever owns the process must end it. */
  readonly onFailure: (error: Error) => void;
}

/** A running host of databases. */
export interface Host {
  /** `http://<host>:<port>` */
  readonly url: string;
  readonly databases: LocalDatabases;
  /** Who owns what this machine publishes; its token is kept in the data folder in `operator.token`. */
  readonly operator: Credentials;
  /** A new identity with a token that does not expire. */
  mint(): Promise<Credentials>;
  close(): Promise<void>;
}

/** Why an address is none to listen on, by what the system says. */
const notUsable: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'it is not an address of this machine',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'there is no host of that name',
  EACCES: 'this user may not use that port',
};

const dashboardPath = '/_';
const callMsDefault = 10_000;
const procedureMsDefault = 10 * 60 * 1000;
const portDefault = 3000;
const logKeepDaysDefault = 30;
const microsADay = 86_400_000_000;
const memoryShareDefault = 0.5;
const reserveBytes = 4 * 1024 * 1024;

/**
 * Opens a data folder and serves its databases.
 * @throws Rejection `data-folder`, `data-folder-locked`, `disk-full`, `address-in-use`, `address-not-usable`, or what keeps a database from being opened
 */
export async function openHost(options: HostOptions): Promise<Host> {
  const directory = options.dataDirectory;
  const hostname = options.hostname ?? '127.0.0.1';
  const warn = options.warn ?? ((message: string) => console.error(message));
  const lock = await lockDirectory(directory);
  try {
    const { authority, operator } = await openHostKeys(nodeDisk, directory, options.issuers ?? []);
    const databases = await LocalDatabases.open({
      disk: nodeDisk,
      clock: nodeClock,
      random: nodeRandom,
      directory,
      callMsMax: options.callMsMax ?? callMsDefault,
      procedures: { callMsMax: options.procedureMsMax ?? procedureMsDefault, egress: options.egress ?? 'public' },
      reserveBytes,
      memoryBytesMax: options.memoryBytesMax ?? Math.floor(nodeMemory.totalBytes * memoryShareDefault),
      memory: nodeMemory,
      evaluate: evaluateInThread,
      warn,
      fail: options.onFailure,
      snapshots: snapshotSettings(options),
      takeSnapshot: takeSnapshotInThread,
      forkLog: forkInThread,
      history: new HistoryThread(),
    });
    const fallback = options.fallback ? { fallback: options.fallback } : {};
    const dashboard = options.dashboard ? { dashboard: serveStatic(options.dashboard, dashboardPath) } : {};
    const server = createServer({ databases, authority, ...dashboard, ...fallback });
    const port = await listen(server, options.port ?? portDefault, hostname).catch(async (error: unknown) => {
      await databases.close();
      throw error;
    });
    return {
      url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
      databases,
      operator,
      mint: () => authority.mint(),
      async close() {
        await server.close();
        await databases.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function snapshotSettings({ logKeepDays = logKeepDaysDefault, snapshotAfterBytes }: HostOptions): SnapshotSettings {
  const keepMicros = Number.isFinite(logKeepDays) ? BigInt(Math.round(logKeepDays * microsADay)) : undefined;
  return { keepMicros, ...(snapshotAfterBytes === undefined ? {} : { afterBytes: snapshotAfterBytes }) };
}

async function lockDirectory(directory: string): Promise<Lock> {
  try {
    await nodeDisk.makeDirectory(directory);
    return await nodeDisk.lock(join(directory, 'lock'));
  } catch (error) {
    if (error instanceof Rejection) throw error;
    if (isDiskFull(error)) {
      const message = `the disk of the data folder ${directory} is full: make room there, then start again`;
      throw new Rejection('disk-full', message, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new Rejection('data-folder', `the data folder ${directory} cannot be written: ${reason}`, { cause: error });
  }
}

async function listen(server: Server, port: number, hostname: string): Promise<number> {
  try {
    return await server.listen(port, hostname);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const reason = notUsable[code];
    if (reason !== undefined) {
      throw new Rejection('address-not-usable', `cannot listen on ${hostname}:${port}: ${reason}`, { cause: error });
    }
    if (code !== 'EADDRINUSE') throw error;
    const message = `${hostname}:${port} is taken: stop what listens there, or choose another port`;
    throw new Rejection('address-in-use', message, { cause: error });
  }
}
