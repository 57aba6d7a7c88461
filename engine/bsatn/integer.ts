import type { IntegerKind, ScalarKind, Type, WideIntegerKind } from './type.ts';

const bits = {
  u8: 8,
  i8: 8,
  u16: 16,
  i16: 16,
  u32: 32,
  i32: 32,
  u64: 64,
  i64: 64,
  u128: 128,
  i128: 128,
  u256: 256,
  i256: 256,
};

const otherBytes = { bool: 1, f32: 4, f64: 8 };

export function isInteger(kind: Type['kind']): kind is IntegerKind {
  return kind in bits;
}

/** Whether values of `kind` are bigint in JavaScript; narrower integers are numbers. */
export function isWide(kind: ScalarKind): kind is WideIntegerKind {
  return isInteger(kind) && bits[kind] >= 64;
}

export function isSigned(kind: IntegerKind): boolean {
  return kind.startsWith('i');
}

export function bytesOf(kind: Exclude<ScalarKind, 'string'>): number {
  return isInteger(kind) ? bits[kind] / 8 : otherBytes[kind];
}

export function rangeOf(kind: IntegerKind): { readonly min: bigint; readonly max: bigint } {
  const width = BigInt(bits[kind]);
  return isSigned(kind)
    ? { min: -(1n << (width - 1n)), max: (1n << (width - 1n)) - 1n }
    : { min: 0n, max: (1n << width) - 1n };
}

export function isInRange(kind: IntegerKind, value: bigint): boolean {
  const { min, max } = rangeOf(kind);
  return value >= min && value <= max;
}
