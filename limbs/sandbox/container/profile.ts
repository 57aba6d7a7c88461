import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ioctlRequests, newNamespaces, prctlOptions } from '../bubblewrap/seccomp.ts';
import { allowedSyscallNames } from '../bubblewrap/syscalls.ts';

const allow = 'SCMP_ACT_ALLOW';
const AF_UNIX = 1;

/** The system call filter of the jail as a profile for a container engine (moby, "Seccomp security profiles"). */
const seccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: constants.errno.EPERM,
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
  syscalls: [
    { names: allowedSyscallNames, action: allow },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: constants.errno.ENOSYS },
    {
      names: ['clone'],
      action: allow,
      args: [{ index: 0, value: newNamespaces, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    ...onlyWith('socketpair', 0, [AF_UNIX]),
    ...onlyWith('prctl', 0, prctlOptions),
    ...onlyWith('ioctl', 1, ioctlRequests),
  ],
};

export interface Profile {
  /** The profile or where it is, as the engine takes it. */
  readonly text: string;
  remove(): void;
}

/** As Docker takes it. */
export function inlineProfile(): Profile {
  return { text: JSON.stringify(seccompProfile), remove: () => {} };
}

/** As Podman takes it: in a file that its user can read and only the limb can change. */
export function profileFile(): Profile {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'helix-seccomp-'));
  const text = join(folder, 'profile.json');
  writeFileSync(text, JSON.stringify(seccompProfile));
  chmodSync(text, 0o644);
  chmodSync(folder, 0o755);
  return { text, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function onlyWith(name: string, index: number, values: readonly number[]): readonly object[] {
  return values.map((value) => ({ names: [name], action: allow, args: [{ index, value, op: 'SCMP_CMP_EQ' }] }));
}
