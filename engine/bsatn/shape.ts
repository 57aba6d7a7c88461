import { assert } from '../errors.ts';
import { checkCount, DecodeError, endsEarly } from './error.ts';
import { bytesOf } from './integer.ts';
import type { ProductType, Type } from './type.ts';
import { isUtf8 } from './utf8.ts';

/** Values nested deeper than this are refused, so that hostile bytes cannot exhaust the stack. */
export const nestingMax = 256;

/** A type reduced to what walking over its bytes needs. One class, so that the walkers stay monomorphic. */
export class Shape {
  kind: ShapeKind = plain;
  /** Bytes of every value of this type, or -1 when they differ. */
  size = 0;
  /** Parts of a product, variants of a sum, or the one element type of an array. */
  parts: Shape[] = [];
  /** True until a product's parts are known. */
  isOpen = false;
}

type ShapeKind = typeof plain | typeof bool | typeof string | typeof array | typeof product | typeof sum;
/** Any bytes of the right number are a value. */
const plain = 0;
const bool = 1;
const string = 2;
const array = 3;
const product = 4;
const sum = 5;

const shapes = new WeakMap<Type, Shape>();

/** The shape of `type`, computed once for each type object; cycles in types become cycles of shapes. */
export function shapeOf(type: Type): Shape {
  return compile(type, new Set());
}

/** Whether any bytes of the right number are a value. */
export function isPlain(shape: Shape): boolean {
  return shape.kind === plain;
}

function compile(type: Type, open: Set<Type>): Shape {
  const known = shapes.get(type);
  if (known !== undefined) {
    assert(!(type.kind === 'product' && open.has(type)), 'a product type contains itself without a sum or an array');
    return known;
  }
  const shape = new Shape();
  shapes.set(type, shape);
  switch (type.kind) {
    case 'product':
      compileProduct(shape, type, open);
      break;
    case 'sum':
      shape.kind = sum;
      shape.size = -1;
      // What lies behind a variant's tag may refer back to an open product.
      shape.parts = type.variants.map((variant) => compile(variant.type, new Set()));
      shape.size = commonSize(shape.parts);
      break;
    case 'array':
      shape.kind = array;
      shape.size = -1;
      shape.parts = [compile(type.of, new Set())];
      break;
    case 'string':
      shape.kind = string;
      shape.size = -1;
      break;
    case 'bool':
      shape.kind = bool;
      shape.size = 1;
      break;
    default:
      shape.size = bytesOf(type.kind);
  }
  return shape;
}

/** Nested products are flattened and neighbouring plain parts merged, so that most rows are a few steps. */
function compileProduct(shape: Shape, type: ProductType, open: Set<Type>): void {
  shape.kind = product;
  // Seen through a cycle before it is complete, a product is of no fixed size.
  shape.size = -1;
  shape.isOpen = true;
  open.add(type);
  const steps: Shape[] = [];
  let size = 0;
  for (const field of type.fields) {
    const part = compile(field.type, open);
    size = size < 0 || part.size < 0 ? -1 : size + part.size;
    for (const step of part.kind === product && !part.isOpen ? part.parts : [part]) pushStep(steps, step);
  }
  open.delete(type);
  shape.isOpen = false;
  shape.size = size;
  shape.parts = steps;
  if (steps.every((step) => step.kind === plain)) {
    shape.kind = plain;
    shape.parts = [];
  }
}

function pushStep(steps: Shape[], step: Shape): void {
  const last = steps.at(-1);
  if (step.kind !== plain || last?.kind !== plain) {
    steps.push(step);
    return;
  }
  const merged = new Shape();
  merged.size = last.size + step.size;
  steps[steps.length - 1] = merged;
}

function commonSize(variants: readonly Shape[]): number {
  const size = variants[0]?.size ?? 0;
  return size >= 0 && variants.every((variant) => variant.size === size) ? 1 + size : -1;
}

/**
 * Checks the value that starts at `offset` and returns where it ends, at most `limit`.
 * @throws DecodeError
 */
export function validate(shape: Shape, bytes: Uint8Array, offset: number, limit: number, depth = 0): number {
  switch (shape.kind) {
    case plain: {
      const end = offset + shape.size;
      if (end > limit) throw endsEarly('a value', offset, shape.size, limit);
      return end;
    }
    case bool: {
      if (offset >= limit) throw endsEarly('a bool', offset, 1, limit);
      const value = bytes[offset] as number;
      if (value > 1) throw new DecodeError(`a bool is 0 or 1, but the byte at offset ${offset} is ${value}`, offset);
      return offset + 1;
    }
    case string: {
      const start = offset + 4;
      const end = start + readCount(bytes, offset, limit, 'a string');
      if (end > limit) throw endsEarly('a string', start, end - start, limit);
      if (!isUtf8(bytes, start, end)) throw new DecodeError(`the string at offset ${offset} is not UTF-8`, offset);
      return end;
    }
    case array:
      return validateArray(shape, bytes, offset, limit, depth);
    case product: {
      let at = offset;
      for (let i = 0; i < shape.parts.length; i++) {
        at = validate(shape.parts[i] as Shape, bytes, at, limit, depth);
      }
      return at;
    }
    case sum: {
      if (offset >= limit) throw endsEarly('the tag of a sum', offset, 1, limit);
      const tag = bytes[offset] as number;
      const variant = shape.parts[tag];
      if (variant === undefined) {
        throw new DecodeError(
          `the tag at offset ${offset} is ${tag}, but the sum has ${shape.parts.length} variants`,
          offset,
        );
      }
      if (variant.kind === plain && variant.size === 0) return offset + 1;
      return validate(variant, bytes, offset + 1, limit, deeper(depth, offset));
    }
  }
}

function validateArray(shape: Shape, bytes: Uint8Array, offset: number, limit: number, depth: number): number {
  const count = readCount(bytes, offset, limit, 'an array');
  const element = shape.parts[0] as Shape;
  let at = offset + 4;
  checkCount(count, offset, limit - at);
  if (element.kind === plain) {
    const end = at + count * element.size;
    if (end > limit) throw endsEarly('an array', at, end - at, limit);
    return end;
  }
  const inner = deeper(depth, offset);
  for (let i = 0; i < count; i++) at = validate(element, bytes, at, limit, inner);
  return at;
}

/** Where the value that starts at `offset` ends. The bytes must have been validated. */
export function skip(shape: Shape, bytes: Uint8Array, offset: number): number {
  if (shape.size >= 0) return offset + shape.size;
  switch (shape.kind) {
    case string:
      return offset + 4 + u32At(bytes, offset);
    case array: {
      const count = u32At(bytes, offset);
      const element = shape.parts[0] as Shape;
      let at = offset + 4;
      if (element.size >= 0) return at + count * element.size;
      for (let i = 0; i < count; i++) at = skip(element, bytes, at);
      return at;
    }
    case product: {
      let at = offset;
      for (let i = 0; i < shape.parts.length; i++) at = skip(shape.parts[i] as Shape, bytes, at);
      return at;
    }
    default:
      return skip(shape.parts[bytes[offset] as number] as Shape, bytes, offset + 1);
  }
}

export function u32At(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) |
      ((bytes[offset + 1] as number) << 8) |
      ((bytes[offset + 2] as number) << 16) |
      ((bytes[offset + 3] as number) << 24)) >>>
    0
  );
}

function readCount(bytes: Uint8Array, offset: number, limit: number, what: string): number {
  if (offset + 4 > limit) throw endsEarly(`the length of ${what}`, offset, 4, limit);
  return u32At(bytes, offset);
}

function deeper(depth: number, offset: number): number {
  if (depth >= nestingMax) {
    throw new DecodeError(`the value at offset ${offset} is nested more than ${nestingMax} levels deep`, offset);
  }
  return depth + 1;
}
