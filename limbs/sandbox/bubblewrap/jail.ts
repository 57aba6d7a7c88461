import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import type { Limits } from '../engine.ts';
import type { HostPython } from './python.ts';

export interface JailPrograms {
  readonly bwrap: string;
  readonly unshare: string;
  readonly mount: string;
  readonly python: HostPython;
}

/** Descriptors that bubblewrap reads before the program starts, and does not pass on. */
export const jailDescriptors = { seccomp: 3, code: 4, status: 5 } as const;

const codePath = '/code/main.py';
const kib = 1024;
/** One file for each of these bytes of scratch space: a file costs the kernel memory that its size does not count. */
const inodeBytes = 16 * kib;
const openFilesMax = 64;
/** bubblewrap itself stays as the first process of the jail. */
const jailProcesses = 1;

/**
 * The command that runs Python in a jail. It goes through three programs, each of which replaces itself by the next:
 * unshare takes a mount namespace in which a shell mounts the scratch folder (bubblewrap's own tmpfs knows neither `noexec` nor
 * a limit of files); bubblewrap makes the jail; a shell inside sets the limits (a process limit set earlier would keep
 * bubblewrap from starting).
 */
export function jailCommand(programs: JailPrograms, limits: Limits): { command: string; args: string[] } {
  return {
    command: programs.unshare,
    args: [
      '--map-root-user',
      '--mount',
      '/bin/sh',
      '-c',
      '"$1" -t tmpfs -o "$2" scratch /tmp && shift 2 && exec "$@"',
      'sh',
      programs.mount,
      `size=${limits.scratchBytes},nr_inodes=${Math.ceil(limits.scratchBytes / inodeBytes) + 1},noexec,nosuid,nodev,mode=0700`,
      programs.bwrap,
      ...walls(),
      ...visible(programs.python),
      ...['--bind', '/tmp', '/tmp'],
      ...['--symlink', '/tmp/tools', '/tools'],
      ...['--perms', '0444', '--ro-bind-data', `${jailDescriptors.code}`, codePath],
      ...['--remount-ro', '/proc', '--remount-ro', '/dev', '--remount-ro', '/'],
      ...['--chdir', '/tmp', '--clearenv'],
      ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
      ...['--json-status-fd', `${jailDescriptors.status}`, '--seccomp', `${jailDescriptors.seccomp}`],
      ...['/bin/sh', '-c', `${limitsCommand(limits)} && exec "$@"`, 'sh'],
      ...[programs.python.path, '-I', '-B', '-u', '-X', 'utf8', codePath],
    ],
  };
}

const environment = { PATH: '/usr/bin:/bin', HOME: '/tmp', TMPDIR: '/tmp', LANG: 'C.UTF-8' };

function walls(): string[] {
  return [
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    ...['--uid', '65534', '--gid', '65534', '--hostname', 'sandbox'],
    '--new-session',
    '--die-with-parent',
    ...['--cap-drop', 'ALL'],
    ...['--proc', '/proc', '--dev', '/dev'],
  ];
}

/** Only what Python needs to run: not all of /usr, where the limb itself and its settings may be installed. */
function visible(python: HostPython): string[] {
  const libraries = ['/usr/lib', '/usr/lib64', '/lib', '/lib64'];
  const extras = ['/usr/share/zoneinfo', '/etc/ld.so.cache', '/etc/alternatives', ...python.needs];
  const hidden = ['/usr/lib/node_modules'];
  return [
    ...libraries.flatMap(sameAsHost),
    ...extras.flatMap((path) => ['--ro-bind-try', path, path]),
    ...hidden.filter(existsSync).flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
    ...['--ro-bind', python.path, python.path],
    ...['--ro-bind', realpathSync('/bin/sh'), '/bin/sh'],
  ];
}

function sameAsHost(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  return found.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}

function limitsCommand(limits: Limits): string {
  const each = [
    'ulimit -c 0',
    `ulimit -n ${openFilesMax}`,
    // POSIX counts files in units of 512 bytes, and dash, bash and ash count memory in KiB.
    `ulimit -f ${Math.ceil(limits.scratchBytes / 512)}`,
    `ulimit -v ${Math.floor(limits.memoryBytes / kib)}`,
    `ulimit -t ${Math.ceil(limits.timeMs / 1000) + 1}`,
    processLimit(limits.processesMax + jailProcesses),
  ];
  return each.join(' && ');
}

/** dash and ash say `-p` for what bash calls `-u`. */
function processLimit(processesMax: number): string {
  return `if [ -n "$BASH_VERSION" ]; then ulimit -u ${processesMax}; else ulimit -p ${processesMax}; fi`;
}
