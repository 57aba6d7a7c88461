import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type Instruction, VERDICT } from './bpf.ts';
import { seccompFilter, seccompProgram } from './seccomp.ts';
import { type Machine, syscallsOf } from './syscalls.ts';

const ALLOW = VERDICT.allow;
const NOT_PERMITTED = VERDICT.errno | constants.errno.EPERM;
const NOT_KNOWN = VERDICT.errno | constants.errno.ENOSYS;
const NOT_A_TERMINAL = VERDICT.errno | constants.errno.ENOTTY;

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

const MACHINES: readonly Machine[] = ['x64', 'arm64'];
const KNOWN: Record<Machine, { read: number; socket: number; unshare: number; ptrace: number; execve: number }> = {
  x64: { read: 0, socket: 41, unshare: 272, ptrace: 101, execve: 59 },
  arm64: { read: 63, socket: 198, unshare: 97, ptrace: 117, execve: 221 },
};

describe.each(MACHINES)('the system call filter for %s', (machine) => {
  const program = seccompProgram(machine);
  const calls = syscallsOf(machine);
  const ask = (number: number, ...args: number[]) => answerTo(program, calls.architecture, number, args);

  it('allows what it lists, and only that', () => {
    const special = [calls.clone, calls.clone3, calls.socketpair, calls.prctl, calls.ioctl];
    const allowed = new Set(calls.allowed);
    for (let number = 0; number <= 450; number += 1) {
      if (!special.includes(number)) expect(ask(number)).toBe(allowed.has(number) ? ALLOW : NOT_PERMITTED);
    }
    const { read, socket, unshare, ptrace, execve } = KNOWN[machine];
    expect([read, execve].map((number) => ask(number))).toEqual([ALLOW, ALLOW]);
    expect([socket, unshare, ptrace].map((number) => ask(number))).toEqual([
      NOT_PERMITTED,
      NOT_PERMITTED,
      NOT_PERMITTED,
    ]);
  });

  it('lists each call once', () => {
    expect(new Set(calls.allowed).size).toBe(calls.allowed.length);
    expect(calls.allowed.every((number) => Number.isInteger(number) && number >= 0 && number <= 450)).toBe(true);
  });

  it('ends a program that calls with the numbers of another architecture', () => {
    for (const other of [0x4000_0003, 0x4000_0028, ...MACHINES.map((each) => syscallsOf(each).architecture)]) {
      if (other !== calls.architecture) expect(answerTo(program, other, KNOWN[machine].read)).toBe(VERDICT.killProcess);
    }
  });

  it('does not know newer calls, nor those of x32', () => {
    for (const number of [451, 500, 0x4000_0000, 0x4000_0000 + 59, 0xffff_ffff]) expect(ask(number)).toBe(NOT_KNOWN);
    expect(ask(calls.clone3)).toBe(NOT_KNOWN);
  });

  it('lets threads and processes start, but no namespace', () => {
    expect(ask(calls.clone, 0x003d_0f00)).toBe(ALLOW);
    expect(ask(calls.clone, 17)).toBe(ALLOW);
    for (const flag of [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]) {
      expect(ask(calls.clone, flag | 17)).toBe(NOT_PERMITTED);
    }
  });

  it('allows only harmless arguments of socketpair, prctl and ioctl', () => {
    expect(ask(calls.socketpair, 1)).toBe(ALLOW);
    expect(ask(calls.socketpair, 40)).toBe(NOT_PERMITTED);
    expect(ask(calls.prctl, 15)).toBe(ALLOW);
    expect(ask(calls.prctl, 38)).toBe(NOT_PERMITTED);
    expect(ask(calls.ioctl, 0, 0x5401)).toBe(ALLOW);
    expect(ask(calls.ioctl, 0, 0x5412)).toBe(NOT_A_TERMINAL);
  });

  it('fits what the kernel takes', () => {
    expect(program.length).toBeLessThan(4096);
    expect(program.every(({ jumpTrue, jumpFalse }) => jumpTrue < 256 && jumpFalse < 256)).toBe(true);
    expect(seccompFilter(machine)).toHaveLength(program.length * 8);
  });
});
