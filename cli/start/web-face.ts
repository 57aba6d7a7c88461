import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../lib/failure.ts';
import { lines } from '../lib/lines.ts';

/** What the hub serves, and what each is built from. */
const pages = [
  {
    folder: 'web',
    sources: [
      'web/src',
      'web/static',
      'web/svelte.config.js',
      'web/vite.config.ts',
      'bindings',
      'hub/recipes/library',
      'package-lock.json',
    ],
  },
  {
    folder: 'web/dashboard',
    sources: [
      ...['web/dashboard/src', 'web/dashboard/index.html', 'web/dashboard/vite.config.ts'],
      ...['web/src/lib', 'web/static', 'web/build-tools', 'package-lock.json'],
    ],
  },
];

/** Whether the web face or the dashboard has not been built since its sources changed. */
export async function isWebStale(root: string): Promise<boolean> {
  for (const { folder, sources } of pages) {
    const builtMs = await newestMs(join(root, folder, 'build/index.html'));
    if (builtMs === 0) return true;
    for (const source of sources) if ((await newestMs(join(root, source))) > builtMs) return true;
  }
  return false;
}

/** Builds the web face and the dashboard. @throws Failure with what the builder says is wrong. */
export async function buildWeb(root: string, signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  for (const { folder } of pages) await build(root, folder, signal, tell);
}

/** What the builder says when a part is done; the rest are hundreds of lines about single files. */
const milestone = /^✓ /;

async function build(root: string, folder: string, signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'info'], {
    cwd: join(root, folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let last = '';
  let wrong = '';
  const keep = (line: string): void => {
    last = line;
    if (wrong === '' && /error/i.test(line)) wrong = line;
    if (milestone.test(line)) tell(line);
  };
  lines(child.stdout, keep);
  lines(child.stderr, keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Failure(`${folder} could not be built: ${wrong || last || `vite ended with ${code}`}`);
}

/** When the newest file of a path was changed; 0 when there is none. */
async function newestMs(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return 0;
  if (!info.isDirectory()) return info.mtimeMs;
  const times = (await readdir(path)).map((name) => newestMs(join(path, name)));
  return Math.max(0, ...(await Promise.all(times)));
}
