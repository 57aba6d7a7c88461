import { constants } from 'node:os';
import { answer, encode, fields, type Instruction, load, unless, verdicts, when } from './bpf.ts';
import { type Machine, newestSyscall, syscallsOf } from './syscalls.ts';

const allow = answer(verdicts.allow);
const refuse = (errno: number): Instruction => answer(verdicts.errno | errno);
const notPermitted = refuse(constants.errno.EPERM);
/** Makes libc fall back to an older call. */
const notKnown = refuse(constants.errno.ENOSYS);
const notATerminal = refuse(constants.errno.ENOTTY);

/** Every CLONE_NEW… flag of clone(2): a new namespace would bring its capabilities back. */
export const newNamespaces = 0x7e02_0000;
const AF_UNIX = 1;
/** PR_SET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME. */
export const prctlOptions = [1, 15, 16];
/** TCGETS and TCGETS2 (is it a terminal?), TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
export const ioctlRequests = [0x5401, 0x802c_542a, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];

/** The seccomp filter of the jail for `machine`, ready for bubblewrap's `--seccomp`. */
export function seccompFilter(machine: Machine): Buffer {
  return encode(seccompProgram(machine));
}

export function seccompProgram(machine: Machine): Instruction[] {
  const calls = syscallsOf(machine);
  const oneOf = (argument: number, values: readonly number[], otherwise: Instruction): Instruction[] => [
    load(fields.argument(argument)),
    ...values.flatMap((value) => when('equal', value, [allow])),
    otherwise,
  ];
  return [
    load(fields.architecture),
    // The other architecture of the same machine has other numbers: nothing below would mean what it says.
    ...unless('equal', calls.architecture, [answer(verdicts.killProcess)]),
    load(fields.number),
    ...when('greater', newestSyscall, [notKnown]),
    ...when('equal', calls.clone3, [notKnown]),
    ...when('equal', calls.clone, [load(fields.argument(0)), ...when('bitsSet', newNamespaces, [notPermitted]), allow]),
    ...when('equal', calls.socketpair, oneOf(0, [AF_UNIX], notPermitted)),
    ...when('equal', calls.prctl, oneOf(0, prctlOptions, notPermitted)),
    ...when('equal', calls.ioctl, oneOf(1, ioctlRequests, notATerminal)),
    ...calls.allowed.flatMap((number) => when('equal', number, [allow])),
    notPermitted,
  ];
}
