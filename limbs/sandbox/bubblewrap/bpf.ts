/** A classic BPF program over `struct seccomp_data`, as the Linux kernel takes it (Documentation/userspace-api/seccomp_filter.rst). */

export interface Instruction {
  readonly opcode: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_BITS_SET = 0x45;
const RETURN = 0x06;

export const VERDICT = { allow: 0x7fff_0000, killProcess: 0x8000_0000, errno: 0x0005_0000 } as const;

/** Offsets in `struct seccomp_data`; an argument's low word comes first on both little-endian machines. */
export const FIELD = {
  number: 0,
  architecture: 4,
  argument: (index: number): number => 16 + 8 * index,
} as const;

/** How the loaded word is compared. */
type Condition = 'equal' | 'greater' | 'bitsSet';

const OPCODES: Record<Condition, number> = {
  equal: JUMP_EQUAL,
  greater: JUMP_GREATER,
  bitsSet: JUMP_BITS_SET,
};

export function load(offset: number): Instruction {
  return { opcode: LOAD_WORD, jumpTrue: 0, jumpFalse: 0, operand: offset };
}

export function answer(verdict: number): Instruction {
  return { opcode: RETURN, jumpTrue: 0, jumpFalse: 0, operand: verdict };
}

/** Runs `then` if the loaded word meets the condition; both ways go on after it unless it answers. */
export function when(condition: Condition, operand: number, then: readonly Instruction[]): Instruction[] {
  return [{ opcode: OPCODES[condition], jumpTrue: 0, jumpFalse: then.length, operand }, ...then];
}

/** Runs `then` if the loaded word does not meet the condition. */
export function unless(condition: Condition, operand: number, then: readonly Instruction[]): Instruction[] {
  return [{ opcode: OPCODES[condition], jumpTrue: then.length, jumpFalse: 0, operand }, ...then];
}

export function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach((instruction, index) => {
    bytes.writeUInt16LE(instruction.opcode, index * 8);
    bytes.writeUInt8(instruction.jumpTrue, index * 8 + 2);
    bytes.writeUInt8(instruction.jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(instruction.operand >>> 0, index * 8 + 4);
  });
  return bytes;
}
