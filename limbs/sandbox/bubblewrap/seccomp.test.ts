import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type Instruction, verdicts } from './bpf.ts';
import { seccompFilter, seccompProgram } from './seccomp.ts';
import { type Machine, syscallsOf } from './syscalls.ts';

const allow = verdicts.allow;
const notPermitted = verdicts.errno | constants.errno.EPERM;
const notKnown = verdicts.errno | constants.errno.ENOSYS;
const notATerminal = verdicts.errno | constants.errno.ENOTTY;

/** What the kernel would answer: the few opcodes of classic BPF that the filter uses. */
function answerTo(
  program: readonly Instruction[],
  architecture: number,
  number: number,
  args: readonly number[] = [],
): number {
  const words = new Map([
    [0, number],
    [4, architecture],
    ...args.map((value, index): [number, number] => [16 + 8 * index, value]),
  ]);
  let loaded = 0;
  for (let at = 0; at < program.length; at += 1) {
    const { opcode, jumpTrue, jumpFalse, operand } = program[at] as Instruction;
    if (opcode === 0x06) return operand;
    if (opcode === 0x20) loaded = words.get(operand) ?? 0;
    else if (opcode === 0x15) at += loaded === operand ? jumpTrue : jumpFalse;
    else if (opcode === 0x25) at += loaded > operand ? jumpTrue : jumpFalse;
    else if (opcode === 0x45) at += (loaded & operand) !== 0 ? jumpTrue : jumpFalse;
    else throw new Error(`unknown opcode ${opcode}`);
  }
  throw new Error('the program ended without an answer');
}

const machines: readonly Machine[] = ['x64', 'arm64'];
const known: Record<Machine, { read: number; socket: number; unshare: number; ptrace: number; execve: number }> = {
  x64: { read: 0, socket: 41, unshare: 272, ptrace: 101, execve: 59 },
  arm64: { read: 63, socket: 198, unshare: 97, ptrace: 117, execve: 221 },
};

describe.each(machines)('the system call filter for %s', (machine) => {
  const program = seccompProgram(machine);
  const calls = syscallsOf(machine);
  const ask = (number: number, ...args: number[]) => answerTo(program, calls.architecture, number, args);

  it('allows what it lists, and only that', () => {
    const special = [calls.clone, calls.clone3, calls.socketpair, calls.prctl, calls.ioctl];
    const allowed = new Set(calls.allowed);
    for (let number = 0; number <= 450; number += 1) {
      if (!special.includes(number)) expect(ask(number)).toBe(allowed.has(number) ? allow : notPermitted);
    }
    const { read, socket, unshare, ptrace, execve } = known[machine];
    expect([read, execve].map((number) => ask(number))).toEqual([allow, allow]);
    expect([socket, unshare, ptrace].map((number) => ask(number))).toEqual([notPermitted, notPermitted, notPermitted]);
  });

  it('lists each call once', () => {
    expect(new Set(calls.allowed).size).toBe(calls.allowed.length);
    expect(calls.allowed.every((number) => Number.isInteger(number) && number >= 0 && number <= 450)).toBe(true);
  });

  it('ends a program that calls with the numbers of another architecture', () => {
    for (const other of [0x4000_0003, 0x4000_0028, ...machines.map((each) => syscallsOf(each).architecture)]) {
      if (other !== calls.architecture)
        expect(answerTo(program, other, known[machine].read)).toBe(verdicts.killProcess);
    }
  });

  it('does not know newer calls, nor those of x32', () => {
    for (const number of [451, 500, 0x4000_0000, 0x4000_0000 + 59, 0xffff_ffff]) expect(ask(number)).toBe(notKnown);
    expect(ask(calls.clone3)).toBe(notKnown);
  });

  it('lets threads and processes start, but no namespace', () => {
    expect(ask(calls.clone, 0x003d_0f00)).toBe(allow);
    expect(ask(calls.clone, 17)).toBe(allow);
    for (const flag of [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]) {
      expect(ask(calls.clone, flag | 17)).toBe(notPermitted);
    }
  });

  it('allows only harmless arguments of socketpair, prctl and ioctl', () => {
    expect(ask(calls.socketpair, 1)).toBe(allow);
    expect(ask(calls.socketpair, 40)).toBe(notPermitted);
    expect(ask(calls.prctl, 15)).toBe(allow);
    expect(ask(calls.prctl, 38)).toBe(notPermitted);
    expect(ask(calls.ioctl, 0, 0x5401)).toBe(allow);
    expect(ask(calls.ioctl, 0, 0x5412)).toBe(notATerminal);
  });

  it('fits what the kernel takes', () => {
    expect(program.length).toBeLessThan(4096);
    expect(program.every(({ jumpTrue, jumpFalse }) => jumpTrue < 256 && jumpFalse < 256)).toBe(true);
    expect(seccompFilter(machine)).toHaveLength(program.length * 8);
  });
});
