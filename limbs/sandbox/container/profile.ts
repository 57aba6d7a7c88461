import { constants } from 'node:os';
import { IOCTL_REQUESTS, NEW_NAMESPACES, PRCTL_OPTIONS } from '../bubblewrap/seccomp.ts';
import { allowedSyscallNames } from '../bubblewrap/syscalls.ts';

const allow = 'SCMP_ACT_ALLOW';
const AF_UNIX = 1;

/** The system call filter of the jail as a profile for a container engine (moby, "Seccomp security profiles"). */
export const seccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: constants.errno.EPERM,
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
  syscalls: [
    { names: allowedSyscallNames, action: allow },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: constants.errno.ENOSYS },
    {
      names: ['clone'],
      action: allow,
      args: [{ index: 0, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    ...onlyWith('socketpair', 0, [AF_UNIX]),
    ...onlyWith('prctl', 0, PRCTL_OPTIONS),
    ...onlyWith('ioctl', 1, IOCTL_REQUESTS),
  ],
};

function onlyWith(name: string, index: number, values: readonly number[]): readonly object[] {
  return values.map((value) => ({ names: [name], action: allow, args: [{ index, value, op: 'SCMP_CMP_EQ' }] }));
}
