import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What an attack would like to reach: each thing is open to every user of the host. */
export interface Host {
  readonly secret: string;
  readonly secretPath: string;
  /** A folder that everybody may write to. */
  readonly openFolder: string;
  readonly port: number;
  readonly socketPath: string;
  readonly abstractName: string;
  /** A process that an attack may try to end; of an ordinary user when the tests run as root. */
  readonly victim: ChildProcess;
  /** How many connections reached any of the servers. */
  readonly connections: () => number;
  close(): void;
}

export async function openHost(): Promise<Host> {
  const secret = `secret-${Math.random().toString(36).slice(2)}`;
  const folder = mkdtempSync(join(tmpdir(), 'helix-escape-'));
  chmodSync(folder, 0o755);
  const secretPath = join(folder, 'secret.txt');
  writeFileSync(secretPath, secret, { mode: 0o644 });
  const openFolder = join(folder, 'open');
  mkdirSync(openFolder);
  chmodSync(openFolder, 0o777);
  process.env['HELIX_TEST_SECRET'] = secret;

  let connections = 0;
  const listen = async (...address: [port: number, host: string] | [path: string]): Promise<Server> => {
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    if (address.length === 2) server.listen(...address);
    else server.listen(...address);
    await once(server, 'listening');
    return server;
  };
  const socketPath = join(folder, 'open.sock');
  const abstractName = `helix-${secret}`;
  const servers = await Promise.all([listen(0, '127.0.0.1'), listen(socketPath), listen(`\0${abstractName}`)]);
  chmodSync(socketPath, 0o777);
  const address = servers[0].address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const victim = spawn('sleep', ['600'], { stdio: 'ignore' });
  return {
    secret,
    secretPath,
    openFolder,
    port,
    socketPath,
    abstractName,
    victim,
    connections: () => connections,
    close: () => {
      delete process.env['HELIX_TEST_SECRET'];
      for (const server of servers) server.close();
      victim.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Processes of the whole host whose command line or environment has `marker` in it. */
export function processesMarked(marker: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(marker);
    } catch {
      return false;
    }
  });
}

/** The processes that this one started, and those that they started. */
export function descendantsOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .map(Number)
    .filter((each) => parentOf(each) === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return undefined;
  }
}
