import { realpathSync } from 'node:fs';
import { LimbError } from '../../errors.ts';
import { spawnConfined } from '../spawn.ts';
import { userForRun } from '../user.ts';

export interface HostPython {
  /** Where the program really is, links resolved. */
  readonly path: string;
  readonly version: string;
  /** Folders and files that it reads: its modules, and its own shared library. */
  readonly needs: readonly string[];
}

const candidates = ['/usr/bin/python3', '/usr/local/bin/python3'];

const describeScript = `
import json, os, platform, sys, sysconfig
library = os.path.join(sysconfig.get_config_var('LIBDIR') or '', sysconfig.get_config_var('INSTSONAME') or '')
print(json.dumps({'version': platform.python_version(), 'needs': sys.path + [library]}))
`;

const describeMsMax = 10_000;

/** The Python that can be shown to a jail: one under /usr that an unprivileged user can run. Throws `LimbError`. */
export async function findHostPython(): Promise<HostPython> {
  const seen: string[] = [];
  for (const candidate of candidates) {
    try {
      return await describePython(realpathSync(candidate));
    } catch (error) {
      seen.push(`${candidate}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new LimbError('sandbox-absent', `no Python under /usr that an unprivileged user can run (${seen.join('; ')})`);
}

async function describePython(path: string): Promise<HostPython> {
  if (!path.startsWith('/usr/')) throw new Error(`it is ${path}, outside of /usr`);
  const confined = spawnConfined({ command: path, args: ['-I', '-c', describeScript], user: userForRun() });
  let said = '';
  let complained = '';
  confined.stdin.end();
  confined.stdout.on('data', (bytes) => {
    said += bytes;
  });
  confined.stderr.on('data', (bytes) => {
    complained += bytes;
  });
  const timer = setTimeout(() => confined.kill(), describeMsMax);
  try {
    const { code, signal } = await confined.ended;
    if (code !== 0) throw new Error(`it ended with ${signal ?? code} ${complained.slice(-300)}`);
  } finally {
    clearTimeout(timer);
  }
  const { version, needs } = JSON.parse(said) as { version: string; needs: string[] };
  return { path, version, needs: needs.filter((need) => need.startsWith('/usr/')) };
}
