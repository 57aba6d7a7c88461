import type { Reader } from '../bsatn/reader.ts';
import { isBytes, isScheduleAt, isUnit, optionOf, specialOf } from '../bsatn/special.ts';
import type { ProductType, SumType, Type } from '../bsatn/type.ts';
import { assert } from '../errors.ts';

/**
 * One value as JSON for people and their scripts: identities as hex digits, times as text, options as the value or null,
 * variants without a payload as their names, integers of 64 bits and more as strings.
 */
export function plainText(type: Type, reader: Reader): string {
  switch (type.kind) {
    case 'product':
      return productText(type, reader);
    case 'sum':
      return sumText(type, reader);
    case 'array': {
      if (isBytes(type)) return JSON.stringify(Buffer.from(reader.byteArray()).toString('hex'));
      return `[${Array.from({ length: reader.count() }, () => plainText(type.of, reader)).join(',')}]`;
    }
    case 'string':
      return JSON.stringify(reader.string());
    case 'f32':
    case 'f64':
      return JSON.stringify(reader[type.kind]());
    case 'bool':
      return String(reader.bool());
    default: {
      const value = reader[type.kind]();
      return typeof value === 'bigint' ? `"${value}"` : String(value);
    }
  }
}

/** `2026-11-21T12:00:00.000001Z` */
export function timeText(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - rest) / 1000n));
  if (Number.isNaN(date.getTime())) return `${micros} µs`;
  return date.toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

function productText(type: ProductType, reader: Reader): string {
  switch (specialOf(type)) {
    case 'identity':
      return hexText(reader.u256(), 64);
    case 'connection-id':
      return hexText(reader.u128(), 32);
    case 'uuid':
      return hexText(reader.u128(), 32);
    case 'timestamp':
      return JSON.stringify(timeText(reader.i64()));
    case 'time-duration':
      return `"${reader.i64()}"`;
    case undefined:
      return `{${type.fields.map((field) => `${JSON.stringify(field.name)}:${plainText(field.type, reader)}`).join(',')}}`;
  }
}

function sumText(type: SumType, reader: Reader): string {
  const tag = reader.u8();
  const variant = type.variants[tag];
  assert(variant, `a stored value has the tag ${tag} of ${type.variants.length} variants`);
  if (optionOf(type)) return tag === 0 ? plainText(variant.type, reader) : 'null';
  if (isScheduleAt(type)) return plainText(variant.type, reader);
  if (isUnit(variant.type)) return JSON.stringify(variant.name);
  return `{${JSON.stringify(variant.name)}:${plainText(variant.type, reader)}}`;
}

function hexText(value: bigint, digits: number): string {
  return `"${value.toString(16).padStart(digits, '0')}"`;
}
