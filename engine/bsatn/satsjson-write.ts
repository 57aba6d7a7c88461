import { DecodeError } from './error.ts';
import { Reader } from './reader.ts';
import { nestingMax } from './shape.ts';
import { isBytes, specialOf } from './special.ts';
import type { ProductType, Type } from './type.ts';

/**
 * The SATS-JSON text of one BSATN value. Integers are written as exact digits whatever their width, byte arrays as hex,
 * products as objects, sums as `{"variant": payload}`, an Identity as `{"__identity__":"0x…"}`; a float that JSON cannot
 * say is null.
 * @throws DecodeError
 */
export function jsonText(type: Type, bytes: Uint8Array): string {
  const reader = new Reader(bytes);
  const text = write(type, reader, 0);
  reader.finish();
  return text;
}

/**
 * Like jsonText, but without names: products are arrays, sums are `[index, payload]`, an Identity is `["0x…"]`. It goes
 * with its type, as the rows of SQL do.
 * @throws DecodeError
 */
export function jsonTupleText(type: Type, bytes: Uint8Array): string {
  const reader = new Reader(bytes);
  const text = write(type, reader, 0, false);
  reader.finish();
  return text;
}

function write(type: Type, reader: Reader, depth: number, named = true): string {
  if (depth > nestingMax) throw new DecodeError(`a value is nested more than ${nestingMax} levels deep`, reader.offset);
  switch (type.kind) {
    case 'product':
      return writeProduct(type, reader, depth, named);
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
      const payload = isUnitProduct(variant.type) ? '[]' : write(variant.type, reader, depth + 1, named);
      return !named ? `[${tag},${payload}]` : `{${JSON.stringify(variant.name)}:${payload}}`;
    }
    case 'array': {
      if (isBytes(type)) return `"${Buffer.from(reader.byteArray()).toString('hex')}"`;
      const count = reader.count();
      const elements: string[] = [];
      for (let i = 0; i < count; i++) elements.push(write(type.of, reader, depth + 1, named));
      return `[${elements.join(',')}]`;
    }
    case 'string':
      return JSON.stringify(reader.string());
    case 'f32':
      return floatText(shortestF32(reader.f32()));
    case 'f64':
      return floatText(reader.f64());
    default:
      return String(reader[type.kind]());
  }
}

function writeProduct(type: ProductType, reader: Reader, depth: number, named: boolean): string {
  if (specialOf(type) === 'identity') {
    const hex = `"0x${reader.u256().toString(16).padStart(64, '0')}"`;
    return named ? `{"__identity__":${hex}}` : `[${hex}]`;
  }
  // Without names there is nothing to say but the order.
  if (!named || type.fields.some((field) => field.name === '')) {
    return `[${type.fields.map((field) => write(field.type, reader, depth, named)).join(',')}]`;
  }
  return `{${type.fields.map((field) => `${JSON.stringify(field.name)}:${write(field.type, reader, depth)}`).join(',')}}`;
}

function isUnitProduct(type: Type): boolean {
  return type.kind === 'product' && type.fields.length === 0;
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** The number with the fewest digits that is still the same f32. */
function shortestF32(value: number): number {
  if (value === 0) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
