import type { Duplex } from 'node:stream';
import { LimbError } from '../../errors.ts';
import { programOf } from '../calls/program.ts';
import {
  defaultLimits,
  type Limits,
  type Probe,
  type RunRequest,
  type RunResult,
  type SandboxEngine,
} from '../engine.ts';
import { findProgram } from '../find.ts';
import { isDefault, limitsOf } from '../request.ts';
import { selfTest } from '../selftest.ts';
import { type Confined, spawnConfined } from '../spawn.ts';
import { supervise } from '../supervise.ts';
import { userForRun } from '../user.ts';
import { type JailPrograms, jailCommand, jailDescriptors } from './jail.ts';
import { findHostPython } from './python.ts';
import { seccompFilter } from './seccomp.ts';
import type { Machine } from './syscalls.ts';

const installHint =
  'Install it with: apt-get install bubblewrap python3 util-linux mount. The kernel must let ordinary users make user ' +
  'namespaces (in a container: its seccomp and AppArmor profiles too; on Ubuntu 24.04 and newer: sysctl ' +
  'kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap and unshare).';

interface Ready {
  readonly programs: JailPrograms;
  readonly filter: Buffer;
}

interface Jail {
  readonly confined: Confined;
  /** Takes the program. */
  readonly code: Duplex;
  /** Whether the walls stood. */
  readonly isMade: () => boolean;
}

/** Python in a jail of Linux namespaces with its own system call filter, made by bubblewrap as an unprivileged user. */
export class BubblewrapEngine implements SandboxEngine {
  readonly name = 'bubblewrap';
  readonly level = 'jail';
  #ready: Ready | undefined;
  /** One with the default limits, for the next run. */
  #waiting: Jail | undefined;
  /** Only who runs programs wants the next jail to wait. */
  #keepsOneWaiting = false;

  async probe(): Promise<Probe> {
    try {
      const programs = await findPrograms();
      this.#ready = { programs, filter: seccompFilter(machine()) };
      await selfTest(this);
      this.#keepsOneWaiting = true;
      return {
        present: true,
        detail: `Python ${programs.python.version} in a jail of namespaces and a system call filter`,
      };
    } catch (error) {
      await this.close();
      this.#ready = undefined;
      return { present: false, reason: error instanceof Error ? error.message : String(error), install: installHint };
    }
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const limits = limitsOf(request);
    if (!this.#ready) throw new LimbError('sandbox-absent', 'bubblewrap was not probed, or its probe failed.');
    const jail = this.#take(limits, this.#ready);
    jail.code.end(programOf(request));
    if (!request.tools) jail.confined.stdin.end(request.stdin ?? '');
    try {
      const result = await supervise(jail.confined, this, request, limits, signal);
      if (!jail.isMade() && result.outcome !== 'timed-out' && result.exitCode !== null) {
        throw new LimbError('sandbox-failed', `bubblewrap made no jail: ${result.stderr.slice(0, 500).trim()}`);
      }
      return result;
    } finally {
      if (this.#keepsOneWaiting && this.#ready) this.#waiting ??= startJail(this.#ready, defaultLimits);
    }
  }

  async close(): Promise<void> {
    this.#keepsOneWaiting = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.confined.kill();
    await waiting?.confined.ended.catch(() => {});
  }

  #take(limits: Limits, ready: Ready): Jail {
    const waiting = this.#waiting;
    if (!waiting || !isDefault(limits)) return startJail(ready, limits);
    this.#waiting = undefined;
    return isAlive(waiting) ? waiting : startJail(ready, limits);
  }
}

/** bubblewrap makes the walls one after the other, and waits for the program where it is to put it down. */
function startJail({ programs, filter }: Ready, limits: Limits): Jail {
  const confined = spawnConfined({
    ...jailCommand(programs, limits),
    user: userForRun(),
    descriptors: ['pipe', 'pipe', 'pipe'],
  });
  const pipes = pipesOf(confined);
  pipes.filter.end(filter);
  let isMade = false;
  pipes.status.on('data', (bytes: Buffer) => {
    isMade ||= bytes.includes('child-pid');
  });
  return { confined, code: pipes.code, isMade: () => isMade };
}

function isAlive({ confined }: Jail): boolean {
  return confined.process.exitCode === null && confined.process.signalCode === null;
}

function pipesOf({ pipes }: Confined) {
  const at = (descriptor: number) => {
    const pipe = pipes[descriptor - 3];
    if (!pipe) throw new Error(`Descriptor ${descriptor} has no pipe.`);
    return pipe;
  };
  return { filter: at(jailDescriptors.seccomp), code: at(jailDescriptors.code), status: at(jailDescriptors.status) };
}

async function findPrograms(): Promise<JailPrograms> {
  if (process.platform !== 'linux')
    throw new LimbError('sandbox-absent', `it needs Linux, and this is ${process.platform}`);
  return {
    bwrap: program('bwrap'),
    unshare: program('unshare'),
    mount: program('mount'),
    python: await findHostPython(),
  };
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new LimbError('sandbox-absent', `the program ${name} is not installed`);
  return path;
}

function machine(): Machine {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new LimbError('sandbox-absent', `no system call filter is written for ${process.arch}`);
}
