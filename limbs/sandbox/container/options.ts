import { randomInt } from 'node:crypto';
import type { ContainerCreateOptions } from 'dockerode';
import type { Limits } from '../engine.ts';
import { imageName } from './find.ts';

/** Says which limb a container belongs to, so that one that was killed leaves none behind. */
export const ownerLabel = 'helix.limb';

const kib = 1024;
const mib = 1024 * kib;
const openFilesMax = 64;
const inodeBytes = 16 * kib;
/** The clock around Python is a process too. */
const ownProcesses = 1;
/** Before Python starts, a shell lets a program of its own read the code. */
const startingProcesses = 2;
/** The limb ends a run; the clock inside ends what outlived its limb. */
const innerClockMoreS = 5;

/** What the engine or the kernel would show of the host. */
const hidden = [
  ...['/sys', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/proc/acpi', '/proc/asound', '/proc/kcore'],
  ...['/proc/keys', '/proc/latency_stats', '/proc/sched_debug', '/proc/scsi', '/proc/timer_list', '/proc/timer_stats'],
];

/** Podman takes what to hide from here, and puts in files of its own. */
const podmanMasks = `mask=${[...hidden, '/etc/passwd', '/etc/group'].join(':')}`;
/** It would make these without a size. */
const podmanTmpfs = { '/run': 'ro,noexec,nosuid,nodev,size=4096', '/var/tmp': 'ro,noexec,nosuid,nodev,size=4096' };

/** What is the same for all containers of a limb. */
export interface ContainerKind {
  readonly engine: 'docker' | 'podman';
  /** Of the limb, for `ownerLabel`. */
  readonly owner: string;
  /** The system call filter: as JSON for Docker, the path of a file for Podman. */
  readonly seccomp: string;
}

/** A container that waits for a program on its standard input: a line with the length of its code, the code, its input. */
export function containerOptions(limits: Limits, { engine, owner, seccomp }: ContainerKind): ContainerCreateOptions {
  const pids = limits.processesMax + startingProcesses;
  // Limits of processes count by user: each run is another one.
  const uid = randomInt(10_000, 60_000);
  return {
    Image: imageName,
    Cmd: ['/usr/bin/sh', '-c', waitingCommand(limits)],
    Env: ['PATH=/usr/bin', 'HOME=/tmp', 'TMPDIR=/tmp', 'LANG=C.UTF-8'],
    User: `${uid}:65534`,
    WorkingDir: '/tmp',
    Hostname: 'sandbox',
    Labels: { [ownerLabel]: owner },
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true, Tty: false },
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      IpcMode: 'none',
      LogConfig: { Type: 'none', Config: {} },
      SecurityOpt: ['no-new-privileges', `seccomp=${seccomp}`, ...(engine === 'podman' ? [podmanMasks] : [])],
      Tmpfs: {
        '/tmp': tmpfs(limits.scratchBytes, engine),
        '/code': tmpfs(mib, engine),
        '/tools': tmpfs(4 * mib, engine),
        ...(engine === 'podman' ? podmanTmpfs : {}),
      },
      MaskedPaths: hidden,
      PidsLimit: pids,
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      NanoCpus: 1e9,
    },
  };
}

/** Podman knows no limit of files, which costs it the full label. */
function tmpfs(bytes: number, engine: ContainerKind['engine']): string {
  const files = engine === 'podman' ? '' : `,nr_inodes=${Math.ceil(bytes / inodeBytes) + 1}`;
  return `rw,noexec,nosuid,nodev,mode=1777,size=${bytes}${files}`;
}

/** The limits of each process hold wherever those of the whole container do not. */
function waitingCommand(limits: Limits): string {
  const seconds = Math.ceil(limits.timeMs / 1000) + innerClockMoreS;
  return [
    'IFS= read -r bytes',
    'head -c "$bytes" >/code/main.py',
    'ulimit -c 0',
    `ulimit -n ${openFilesMax}`,
    `ulimit -f ${Math.ceil(limits.scratchBytes / 512)}`,
    `ulimit -v ${Math.floor(limits.memoryBytes / kib)}`,
    `ulimit -t ${Math.ceil(limits.timeMs / 1000) + 1}`,
    `ulimit -p ${limits.processesMax + ownProcesses}`,
    `exec timeout -s KILL ${seconds} python3 -I -B -u -X utf8 /code/main.py`,
  ].join(' && ');
}
