import { constants } from 'node:os';
import { answer, encode, FIELD, type Instruction, load, unless, VERDICT, when } from './bpf.ts';
import { type Machine, NEWEST_SYSCALL, syscallsOf } from './syscalls.ts';

const ALLOW = answer(VERDICT.allow);
const refuse = (errno: number): Instruction => answer(VERDICT.errno | errno);
const NOT_PERMITTED = refuse(constants.errno.EPERM);
/** Makes libc fall back to an older call. */
const NOT_KNOWN = refuse(constants.errno.ENOSYS);
const NOT_A_TERMINAL = refuse(constants.errno.ENOTTY);

/** Every CLONE_NEW… flag of clone(2): a new namespace would bring its capabilities back. */
export const NEW_NAMESPACES = 0x7e02_0000;
const AF_UNIX = 1;
/** PR_SET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME. */
export const PRCTL_OPTIONS = [1, 15, 16];
/** TCGETS and TCGETS2 (is it a terminal?), TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
export const IOCTL_REQUESTS = [0x5401, 0x802c_542a, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];

/** The seccomp filter of the jail for `machine`, ready for bubblewrap's `--seccomp`. */
export function seccompFilter(machine: Machine): Buffer {
  return encode(seccompProgram(machine));
}

export function seccompProgram(machine: Machine): Instruction[] {
  const calls = syscallsOf(machine);
  const oneOf = (argument: number, values: readonly number[], otherwise: Instruction): Instruction[] => [
    load(FIELD.argument(argument)),
    ...values.flatMap((value) => when('equal', value, [ALLOW])),
    otherwise,
  ];
  return [
    load(FIELD.architecture),
    // The other architecture of the same machine has other numbers: nothing below would mean what it says.
    ...unless('equal', calls.architecture, [answer(VERDICT.killProcess)]),
    load(FIELD.number),
    ...when('greater', NEWEST_SYSCALL, [NOT_KNOWN]),
    ...when('equal', calls.clone3, [NOT_KNOWN]),
    ...when('equal', calls.clone, [
      load(FIELD.argument(0)),
      ...when('bitsSet', NEW_NAMESPACES, [NOT_PERMITTED]),
      ALLOW,
    ]),
    ...when('equal', calls.socketpair, oneOf(0, [AF_UNIX], NOT_PERMITTED)),
    ...when('equal', calls.prctl, oneOf(0, PRCTL_OPTIONS, NOT_PERMITTED)),
    ...when('equal', calls.ioctl, oneOf(1, IOCTL_REQUESTS, NOT_A_TERMINAL)),
    ...calls.allowed.flatMap((number) => when('equal', number, [ALLOW])),
    NOT_PERMITTED,
  ];
}
