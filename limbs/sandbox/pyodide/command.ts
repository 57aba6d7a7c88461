import { closeSync, openSync } from 'node:fs';
import { findProgram } from '../find.ts';
import { type Confined, spawnConfined } from '../spawn.ts';
import { userForRun } from '../user.ts';
import { isOpenToAll, type RuntimeFiles } from './files.ts';

/** How the kernel holds the child in, beside Node's own permissions. */
export type Namespaces = 'all' | 'network' | 'none';

/** Strongest first; a container often allows none. */
const unshareFlags: Record<Exclude<Namespaces, 'none'>, readonly string[]> = {
  all: ['--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child=KILL', '--mount', '--mount-proc'],
  network: ['--net'],
};

const wasmPageBytes = 65_536;
const kib = 1024;
/** What Node and the compiled Pyodide hold outside of Python's own memory, with room to spare. */
const runtimeBytes = 256 * 1024 * kib;
const nodeDescriptor = 4;
/** Ends what has lost its limb and is not ended by any other means. */
const cpuSecondsMax = 3600;

/** The strongest namespaces an unprivileged user can have here, found by taking them. */
export async function findNamespaces(): Promise<Namespaces> {
  for (const namespaces of ['all', 'network'] as const) {
    const prefix = namespacePrefix(namespaces);
    if (prefix === undefined) return 'none';
    const [command = '', ...args] = [...prefix, '/bin/sh', '-c', 'exit 0'];
    const confined = spawnConfined({ command, args, user: userForRun() });
    confined.stdin.end();
    confined.stdout.resume();
    confined.stderr.resume();
    const { code } = await confined.ended;
    if (code === 0) return namespaces;
  }
  return 'none';
}

function namespacePrefix(namespaces: Namespaces): string[] | undefined {
  if (namespaces === 'none') return [];
  const unshare = findProgram('unshare');
  return unshare === undefined ? undefined : [unshare, '--user', '--map-current-user', ...unshareFlags[namespaces]];
}

/** Starts a child that makes a snapshot, or one that takes a snapshot and then waits for its one request. */
export function startChild(
  files: RuntimeFiles,
  namespaces: Namespaces,
  memoryBytes: number,
  mode: 'run' | 'snapshot',
): Confined {
  const node = nodeProgram();
  try {
    const setpriv = findProgram('setpriv');
    const [command = '', ...args] = [
      // The child must not outlive its limb, whatever happens to it.
      ...(setpriv ? [setpriv, '--no-new-privs', '--pdeathsig', 'KILL'] : []),
      ...(namespacePrefix(namespaces) ?? []),
      ...['/bin/sh', '-c', `${limitsCommand(memoryBytes)} && exec "$@"`, 'sh'],
      node.path,
      ...nodeFlags(files, memoryBytes),
      files.childPath,
      files.pyodideFolder,
      mode,
    ];
    const descriptors = node.descriptor === undefined ? ['pipe' as const] : ['pipe' as const, node.descriptor];
    return spawnConfined({ command, args, user: userForRun(), descriptors });
  } finally {
    if (node.descriptor !== undefined) closeSync(node.descriptor);
  }
}

/** Node itself may lie where only root can go; then the child runs it through an open descriptor. */
function nodeProgram(): { path: string; descriptor: number | undefined } {
  if (process.platform !== 'linux' || isOpenToAll(process.execPath))
    return { path: process.execPath, descriptor: undefined };
  return { path: `/proc/self/fd/${nodeDescriptor}`, descriptor: openSync(process.execPath, 'r') };
}

function nodeFlags(files: RuntimeFiles, memoryBytes: number): string[] {
  return [
    '--disallow-code-generation-from-strings',
    process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission',
    `--allow-fs-read=${files.childPath}`,
    `--allow-fs-read=${files.pyodideFolder}/`,
    `--wasm-max-mem-pages=${Math.floor(memoryBytes / wasmPageBytes)}`,
    '--no-addons',
    '--no-warnings',
  ];
}

function limitsCommand(memoryBytes: number): string {
  const dataKib = Math.ceil((memoryBytes + runtimeBytes) / kib);
  return `ulimit -c 0 && ulimit -f 0 && ulimit -t ${cpuSecondsMax} && ulimit -d ${dataKib}`;
}
