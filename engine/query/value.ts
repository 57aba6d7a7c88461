import type { Layout } from '../bsatn/layout.ts';
import { u32At } from '../bsatn/shape.ts';
import { isBytes, isScheduleAt, optionOf, resultOf, specialOf } from '../bsatn/special.ts';
import type { ScalarKind, Type } from '../bsatn/type.ts';
import { assert } from '../errors.ts';

/** Orders two values by their BSATN, each starting at an offset of validated bytes. */
export type Compare = (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number) => number;

/** How queries see a comparable type: a scalar, text as bytes, or bytes; undefined when it cannot be compared. */
export function comparableKind(type: Type): ScalarKind | 'bytes' | undefined {
  if (isBytes(type)) return 'bytes';
  if (type.kind === 'array' || type.kind === 'sum') return undefined;
  if (type.kind !== 'product') return type.kind;
  const special = specialOf(type);
  if (special === undefined || special === 'time-duration') return undefined;
  return type.fields[0]?.type.kind as ScalarKind;
}

/** Equal floats may differ in their bytes (`0` and `-0`), so they never serve as keys. */
export function isFloat(type: Type): boolean {
  return type.kind === 'f32' || type.kind === 'f64';
}

/** Numbers by size, false before true, text and bytes byte by byte; NaN equals itself and is greater than all others. */
export function compareOf(kind: ScalarKind | 'bytes'): Compare {
  return comparators[kind];
}

/** Orders two values of a comparable type, each at the start of its bytes. */
export function comparatorOf(type: Type): (a: Uint8Array, b: Uint8Array) => number {
  const kind = comparableKind(type);
  assert(kind !== undefined, 'values that have no order are not compared');
  const compare = compareOf(kind);
  return (a, b) => compare(a, 0, b, 0);
}

const comparators: Record<ScalarKind | 'bytes', Compare> = {
  bool: unsigned(1),
  u8: unsigned(1),
  u16: unsigned(2),
  u32: unsigned(4),
  u64: unsigned(8),
  u128: unsigned(16),
  u256: unsigned(32),
  i8: signed(1),
  i16: signed(2),
  i32: signed(4),
  i64: signed(8),
  i128: signed(16),
  i256: signed(32),
  f32: (a, aStart, b, bStart) => compareFloats(f32At(a, aStart), f32At(b, bStart)),
  f64: (a, aStart, b, bStart) => compareFloats(f64At(a, aStart), f64At(b, bStart)),
  string: compareRuns,
  bytes: compareRuns,
};

function unsigned(size: number): Compare {
  return (a, aStart, b, bStart) => {
    for (let i = size - 1; i >= 0; i--) {
      const difference = (a[aStart + i] as number) - (b[bStart + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

function signed(size: number): Compare {
  const rest = unsigned(size);
  return (a, aStart, b, bStart) => {
    const top = ((a[aStart + size - 1] as number) ^ 0x80) - ((b[bStart + size - 1] as number) ^ 0x80);
    return top !== 0 ? top : rest(a, aStart, b, bStart);
  };
}

function compareFloats(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

const scratch = new Uint8Array(8);
const f32Scratch = new Float32Array(scratch.buffer);
const f64Scratch = new Float64Array(scratch.buffer);

function f32At(bytes: Uint8Array, start: number): number {
  for (let i = 0; i < 4; i++) scratch[i] = bytes[start + i] as number;
  return f32Scratch[0] as number;
}

function f64At(bytes: Uint8Array, start: number): number {
  for (let i = 0; i < 8; i++) scratch[i] = bytes[start + i] as number;
  return f64Scratch[0] as number;
}

function compareRuns(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const aLength = u32At(a, aStart);
  const bLength = u32At(b, bStart);
  const shared = Math.min(aLength, bLength);
  for (let i = 0; i < shared; i++) {
    const difference = (a[aStart + 4 + i] as number) - (b[bStart + 4 + i] as number);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Bytes as a string that can key a Map: one character a byte. */
export function keyOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start > 24) return latin1(bytes, start, end);
  let key = '';
  for (let i = start; i < end; i++) key += String.fromCharCode(bytes[i] as number);
  return key;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** Reads columns of a row as one Map key; equal values have equal keys unless they are floats. */
export function columnsKey(layout: Layout, columns: readonly number[]): (row: Uint8Array) => string {
  const parts = columns.map((column) => (row: Uint8Array) => {
    const start = layout.columnStart(row, 0, column);
    return keyOf(row, start, layout.columnEnd(row, start, column));
  });
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return (row) => {
    let key = '';
    for (let i = 0; i < parts.length; i++) key += (parts[i] as (typeof parts)[number])(row);
    return key;
  };
}

export function sameBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}

/** A type as errors name it. */
export function typeName(type: Type): string {
  const special = specialOf(type);
  if (special !== undefined) return special;
  if (isBytes(type)) return 'bytes';
  if (isScheduleAt(type)) return 'schedule-at';
  if (optionOf(type) !== undefined) return 'option';
  if (resultOf(type) !== undefined) return 'result';
  return type.kind === 'sum' ? 'enum' : type.kind;
}

/** Whether values of the two types have the same bytes; names of fields and variants do not count. */
export function isSameLayout(a: Type, b: Type, open: Map<Type, Type> = new Map()): boolean {
  if (a === b || open.get(a) === b) return true;
  open.set(a, b);
  if (a.kind === 'array') return b.kind === 'array' && isSameLayout(a.of, b.of, open);
  if (a.kind !== 'product' && a.kind !== 'sum') return a.kind === b.kind;
  if (a.kind !== b.kind) return false;
  const aParts = a.kind === 'product' ? a.fields : a.variants;
  const bParts = b.kind === 'product' ? b.fields : b.kind === 'sum' ? b.variants : [];
  return (
    aParts.length === bParts.length &&
    aParts.every((part, i) => isSameLayout(part.type, (bParts[i] as typeof part).type, open))
  );
}
