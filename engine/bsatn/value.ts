import { Rejection } from '../errors.ts';
import { DecodeError } from './error.ts';
import { isInRange, isInteger, isWide } from './integer.ts';
import { Reader } from './reader.ts';
import { nestingMax } from './shape.ts';
import { isBytes } from './special.ts';
import type { ScalarKind, Type } from './type.ts';
import { Writer } from './writer.ts';

/**
 * A value in JavaScript, read together with its type: integers of 64 bits and more are bigint, byte arrays are
 * Uint8Array, a product is the list of its fields' values in order.
 */
export type Value = boolean | number | bigint | string | Uint8Array | readonly Value[] | SumValue;

export interface SumValue {
  readonly tag: number;
  readonly value: Value;
}

/** Decodes exactly one value. @throws DecodeError */
export function decodeValue(type: Type, bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = readValue(type, reader);
  reader.finish();
  return value;
}

/** @throws DecodeError */
export function readValue(type: Type, reader: Reader, depth = 0): Value {
  if (depth > nestingMax) throw new DecodeError(`a value is nested more than ${nestingMax} levels deep`, reader.offset);
  switch (type.kind) {
    case 'product':
      return type.fields.map((field) => readValue(field.type, reader, depth));
    case 'sum': {
      const at = reader.offset;
      const tag = reader.u8();
      const variant = type.variants[tag];
      if (variant === undefined) {
        throw new DecodeError(
          `the tag at offset ${at} is ${tag}, but the sum has ${type.variants.length} variants`,
          at,
        );
      }
      return { tag, value: readValue(variant.type, reader, depth + 1) };
    }
    case 'array': {
      if (isBytes(type)) return reader.byteArray().slice();
      const count = reader.count();
      const values: Value[] = [];
      for (let i = 0; i < count; i++) values.push(readValue(type.of, reader, depth + 1));
      return values;
    }
    default:
      return reader[type.kind]();
  }
}

/** Encodes one value. @throws Rejection `value` when it does not fit the type; the message names the path */
export function encodeValue(type: Type, value: Value): Uint8Array {
  const writer = new Writer();
  writeValue(type, value, writer);
  return writer.copy();
}

/** @throws Rejection `value` */
export function writeValue(type: Type, value: Value, writer: Writer, path = 'value'): void {
  switch (type.kind) {
    case 'product': {
      if (!isList(value) || value.length !== type.fields.length) {
        throw mismatch(path, `a list of ${type.fields.length} fields`, value);
      }
      for (const [i, field] of type.fields.entries()) {
        writeValue(field.type, value[i] as Value, writer, `${path}.${field.name}`);
      }
      return;
    }
    case 'sum': {
      if (!isSumValue(value)) throw mismatch(path, 'a tag and its payload', value);
      const variant = type.variants[value.tag];
      if (variant === undefined) throw mismatch(path, `a tag below ${type.variants.length}`, value.tag);
      writer.u8(value.tag);
      writeValue(variant.type, value.value, writer, `${path}.${variant.name}`);
      return;
    }
    case 'array': {
      if (isBytes(type) && value instanceof Uint8Array) {
        writer.byteArray(value);
        return;
      }
      if (!isList(value)) throw mismatch(path, 'a list', value);
      writer.u32(value.length);
      for (const [i, element] of value.entries()) writeValue(type.of, element, writer, `${path}[${i}]`);
      return;
    }
    default:
      writeScalar(type.kind, value, writer, path);
  }
}

function writeScalar(kind: ScalarKind, value: Value, writer: Writer, path: string): void {
  if (kind === 'bool') {
    if (typeof value !== 'boolean') throw mismatch(path, 'a bool', value);
    writer.bool(value);
  } else if (kind === 'string') {
    if (typeof value !== 'string') throw mismatch(path, 'a string', value);
    writer.string(value);
  } else if (kind === 'f32' || kind === 'f64') {
    if (typeof value !== 'number') throw mismatch(path, `a number (${kind})`, value);
    writer[kind](value);
  } else {
    const integer = toBigInt(value);
    if (integer === undefined || !isInteger(kind) || !isInRange(kind, integer)) {
      throw mismatch(path, `an integer that fits ${kind}`, value);
    }
    if (isWide(kind)) writer[kind](integer);
    else writer[kind](Number(integer));
  }
}

function toBigInt(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isSumValue(value: Value): value is SumValue {
  return typeof value === 'object' && 'tag' in value;
}

function mismatch(path: string, expected: string, value: Value): Rejection {
  return new Rejection('value', `${path}: expected ${expected}, but got ${describe(value)}`);
}

function describe(value: Value): string {
  if (isList(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'object') return `the variant ${value.tag}`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
}
