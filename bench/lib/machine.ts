import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

const require = createRequire(import.meta.url);

/** What the figures were measured on. */
export function machineFacts(folder: string): string[] {
  const [cpu] = cpus();
  return [
    `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    `data on ${fileSystemOf(folder)}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}`,
    ['spacetimedb', 'ws', 'undici', 'better-sqlite3', 'pg', 'graphile-worker']
      .map((name) => `${name} ${versionOf(name)}`)
      .join(', '),
  ];
}

export function loadAverage(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

function fileSystemOf(folder: string): string {
  try {
    const columns = execFileSync('df', ['--output=fstype,source', folder]).toString().trim().split('\n').at(-1);
    return columns?.replace(/\s+/g, ' on ') ?? 'an unknown file system';
  } catch {
    return 'an unknown file system';
  }
}

function versionOf(name: string): string {
  const folder = (require.resolve.paths(name) ?? []).find((path) => hasPackage(`${path}/${name}`));
  return folder === undefined ? 'missing' : versionIn(`${folder}/${name}`);
}

function hasPackage(folder: string): boolean {
  try {
    versionIn(folder);
    return true;
  } catch {
    return false;
  }
}

function versionIn(folder: string): string {
  return String(JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version);
}
