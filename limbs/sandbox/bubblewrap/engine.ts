import { LimbError } from '../../errors.ts';
import { programOf } from '../calls/program.ts';
import type { Limits, Probe, RunRequest, RunResult, SandboxEngine } from '../engine.ts';
import { findProgram } from '../find.ts';
import { limitsOf } from '../request.ts';
import { selfTest } from '../selftest.ts';
import { type Confined, spawnConfined } from '../spawn.ts';
import { supervise } from '../supervise.ts';
import { userForRun } from '../user.ts';
import { JAIL_DESCRIPTORS, type JailPrograms, jailCommand } from './jail.ts';
import { findHostPython } from './python.ts';
import { seccompFilter } from './seccomp.ts';
import type { Machine } from './syscalls.ts';

const INSTALL =
  'Install it with: apt-get install bubblewrap python3 util-linux mount. The kernel must let ordinary users make user ' +
  'namespaces (in a container: its seccomp and AppArmor profiles too; on Ubuntu 24.04 and newer: sysctl ' +
  'kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap and unshare).';

/** Python in a jail of Linux namespaces with its own system call filter, made by bubblewrap as an unprivileged user. */
export class BubblewrapEngine implements SandboxEngine {
  readonly name = 'bubblewrap';
  readonly level = 'jail';
  #ready: { programs: JailPrograms; filter: Buffer } | undefined;

  async probe(): Promise<Probe> {
    try {
      const programs = await findPrograms();
      this.#ready = { programs, filter: seccompFilter(machine()) };
      await selfTest(this);
      return {
        present: true,
        detail: `Python ${programs.python.version} in a jail of namespaces and a system call filter`,
      };
    } catch (error) {
      this.#ready = undefined;
      return { present: false, reason: error instanceof Error ? error.message : String(error), install: INSTALL };
    }
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const limits = limitsOf(request);
    if (!this.#ready) throw new LimbError('sandbox-absent', 'bubblewrap was not probed, or its probe failed.');
    const { confined, status } = this.#start(request, limits, this.#ready);
    const result = await supervise(confined, this, request, limits, signal);
    if (!status.started && result.outcome !== 'timed-out' && result.exitCode !== null) {
      throw new LimbError('sandbox-failed', `bubblewrap made no jail: ${result.stderr.slice(0, 500).trim()}`);
    }
    return result;
  }

  async close(): Promise<void> {}

  #start(request: RunRequest, limits: Limits, ready: { programs: JailPrograms; filter: Buffer }) {
    const confined = spawnConfined({
      ...jailCommand(ready.programs, limits),
      user: userForRun(),
      descriptors: ['pipe', 'pipe', 'pipe'],
    });
    const [filter, code, status] = pipesOf(confined);
    filter.end(ready.filter);
    code.end(programOf(request));
    if (!request.tools) confined.stdin.end(request.stdin ?? '');
    const observed = { started: false };
    status.on('data', (bytes: Buffer) => {
      observed.started ||= bytes.includes('child-pid');
    });
    return { confined, status: observed };
  }
}

function pipesOf({ pipes }: Confined) {
  const at = (descriptor: number) => {
    const pipe = pipes[descriptor - 3];
    if (!pipe) throw new Error(`Descriptor ${descriptor} has no pipe.`);
    return pipe;
  };
  return [at(JAIL_DESCRIPTORS.seccomp), at(JAIL_DESCRIPTORS.code), at(JAIL_DESCRIPTORS.status)] as const;
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
