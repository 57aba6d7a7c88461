import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A PostgreSQL server of its own with the settings that `initdb` writes, reached by a socket in a folder. */
export interface Postgres {
  readonly socketFolder: string;
  readonly version: string;
  stop(): Promise<void>;
}

const readyMsMax = 30_000;

/** @returns why it cannot run here, or undefined */
export function whyNoPostgres(): string | undefined {
  if (!findBinaries()) return 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
  if (process.getuid?.() === 0 && !findUser()) return 'PostgreSQL does not run as root, and there is no user postgres';
  return undefined;
}

/** @param folder an empty folder that every user may pass through */
export async function startPostgres(folder: string): Promise<Postgres> {
  const binaries = findBinaries();
  if (!binaries) throw new Error(whyNoPostgres());
  const data = join(folder, 'postgres');
  mkdirSync(data, { mode: 0o700 });
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? findUser() : undefined;
  if (user) chownSync(data, user.uid, user.gid);
  const options = { ...user, cwd: data };
  const initdb = join(binaries, 'initdb');
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], { ...options, stdio: 'ignore' });
  const version = execFileSync(join(binaries, 'postgres'), ['--version'], options).toString().trim();
  const args = ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${data}`];
  const server = spawn(join(binaries, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  await untilReady(server);
  return {
    socketFolder: data,
    version,
    async stop() {
      if (server.exitCode !== null) return;
      const exited = once(server, 'exit');
      server.kill('SIGINT');
      await exited;
    },
  };
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = () => reject(new Error(`PostgreSQL did not start:\n${log}`));
    const timer = setTimeout(fail, readyMsMax);
    server.once('exit', fail);
    server.stderr?.on('data', (chunk) => {
      log = (log + chunk).slice(-4_000);
      if (!log.includes('ready to accept connections')) return;
      clearTimeout(timer);
      server.off('exit', fail);
      resolve();
    });
  });
}

function findBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

function findUser(): { readonly uid: number; readonly gid: number } | undefined {
  try {
    const id = (option: string) =>
      Number(execFileSync('id', [option, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
