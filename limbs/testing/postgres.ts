import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './hub.ts';

/** A PostgreSQL server with pgvector of its own, in a folder for temporary files, reached by a socket there. */
export interface TestPostgres {
  /** The address of a new, empty database. */
  database(): string;
  stop(): Promise<void>;
}

const debian = '/usr/lib/postgresql';

/** Why the tests that need one are skipped here; empty when they run. */
export const whyNoPostgres = reasonAgainst();

function reasonAgainst(): string {
  const version = newestVersion();
  if (!version) return 'PostgreSQL 15 or newer is not installed (Debian: postgresql)';
  if (!existsSync(`/usr/share/postgresql/${version}/extension/vector.control`)) {
    return `pgvector for PostgreSQL ${version} is not installed (sh test/support/install-pgvector.sh)`;
  }
  return process.getuid?.() === 0 && !postgresUser() ? 'PostgreSQL runs as no root, and there is no user postgres' : '';
}

export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'helix-postgres-'));
  chmodSync(folder, 0o711);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  if (user) chownSync(data, user.uid, user.gid);
  const options = { ...user, cwd: data };
  const program = (name: string) => join(debian, newestVersion() ?? '', 'bin', name);
  execFileSync(program('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], {
    ...options,
    stdio: 'ignore',
  });
  const args = ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${data}`];
  const server = spawn(program('postgres'), args, { ...options, stdio: 'ignore' });
  const psql = (sql: string) =>
    execFileSync(program('psql'), ['-h', data, '-U', 'postgres', '-qc', sql], { ...options, stdio: 'ignore' });
  await until(() => answers(server, () => psql('SELECT 1')));
  let databases = 0;
  return {
    database() {
      databases += 1;
      psql(`CREATE DATABASE memory${databases}`);
      return `postgres://postgres@${encodeURIComponent(data)}/memory${databases}`;
    },
    async stop() {
      const exited = once(server, 'exit');
      server.kill('SIGINT');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(server: ChildProcess, ask: () => void): true | undefined {
  if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
  try {
    ask();
    return true;
  } catch {
    return undefined;
  }
}

function newestVersion(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).filter((name) => Number(name) >= 15) : [];
  return versions.sort((a, b) => Number(b) - Number(a))[0];
}

function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  try {
    const id = (option: string) =>
      Number(execFileSync('id', [option, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
