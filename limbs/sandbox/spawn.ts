import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import { LimbError } from '../errors.ts';
import type { User } from './user.ts';

export interface Confined {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The pipe that the program has as descriptor 3, 4, …, for each asked for. */
  readonly pipes: readonly Duplex[];
  /** Settles when the process has ended and its output was read; rejects if it could not be started. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends the whole process group, at once. */
  kill(): void;
}

export interface ConfinedOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly user: User | undefined;
  /** Descriptors from 3 on: a pipe to the limb, or a descriptor of the limb that the program shall have. */
  readonly descriptors?: readonly ('pipe' | number)[];
}

/** Starts a program as `user` with an empty environment, no descriptor but those named, and a process group of its own. */
export function spawnConfined(options: ConfinedOptions): Confined {
  const named = options.descriptors ?? [];
  const devNull = openSync('/dev/null', 'r');
  try {
    const stdio: ('pipe' | 'ignore' | number)[] = ['pipe', 'pipe', 'pipe', ...named];
    for (const leaked of inheritableDescriptors()) {
      while (stdio.length <= leaked) stdio.push('ignore');
      if (leaked >= 3 + named.length) stdio[leaked] = devNull;
    }
    const child = spawn(options.command, options.args, {
      env: {},
      cwd: '/',
      detached: true,
      stdio,
      ...(options.user ?? {}),
    });
    return confined(child, named);
  } finally {
    closeSync(devNull);
  }
}

function confined(child: ChildProcess, named: readonly ('pipe' | number)[]): Confined {
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new LimbError('sandbox-failed', `${child.spawnfile} could not be started: ${cause.message}.`, { cause }));
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  ended.catch(() => {});
  const [stdin, stdout, stderr] = child.stdio;
  if (!stdin || !stdout || !stderr) throw new Error(`Could not start ${child.spawnfile}: it has no pipes.`);
  const pipes = named.flatMap((kind, index) => (kind === 'pipe' ? [child.stdio[3 + index] as Duplex] : []));
  // The program may end without reading what it is sent, which is its right.
  for (const pipe of [stdin, ...pipes]) pipe.on('error', () => {});
  return { process: child, stdin, stdout, stderr, pipes, ended, kill: () => killGroup(child) };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const closeOnExec = 0o2000000;

/** Descriptors that the limb itself inherited and that Node would pass on to every child. Known on Linux only. */
function inheritableDescriptors(): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fdinfo');
  } catch {
    return [];
  }
  return names.map(Number).filter((descriptor) => {
    if (descriptor < 3) return false;
    try {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
      return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
    } catch {
      // It was closed meanwhile, like the one that listed the folder.
      return false;
    }
  });
}
