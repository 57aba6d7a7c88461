/** A classic BPF program over `struct seccomp_data`, as the Linux kernel takes it (Documentation/userspace-api/seccomp_filter.rst). */

export interface Instruction {
  readonly opcode: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

const loadWord = 0x20;
const jumpEqual = 0x15;
const jumpGreater = 0x25;
const jumpBitsSet = 0x45;
const returnValue = 0x06;

export const verdicts = { allow: 0x7fff_0000, killProcess: 0x8000_0000, errno: 0x0005_0000 } as const;

/** Offsets in `struct seccomp_data`; an argument's low word comes first on both little-endian machines. */
export const fields = {
  number: 0,
  architecture: 4,
  argument: (index: number): number => 16 + 8 * index,
} as const;

/** How the loaded word is compared. */
type Condition = 'equal' | 'greater' | 'bitsSet';

const opcodes: Record<Condition, number> = {
  equal: jumpEqual,
  greater: jumpGreater,
  bitsSet: jumpBitsSet,
};

export function load(offset: number): Instruction {
  return { opcode: loadWord, jumpTrue: 0, jumpFalse: 0, operand: offset };
}

export function answer(verdict: number): Instruction {
  return { opcode: returnValue, jumpTrue: 0, jumpFalse: 0, operand: verdict };
}

/** Runs `then` if the loaded word meets the condition; both ways go on after it unless it answers. */
export function when(condition: Condition, operand: number, then: readonly Instruction[]): Instruction[] {
  return [{ opcode: opcodes[condition], jumpTrue: 0, jumpFalse: then.length, operand }, ...then];
}

/** Runs `then` if the loaded word does not meet the condition. */
export function unless(condition: Condition, operand: number, then: readonly Instruction[]): Instruction[] {
  return [{ opcode: opcodes[condition], jumpTrue: then.length, jumpFalse: 0, operand }, ...then];
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
