import { hexOf } from './json.ts';
import { isUnit, optionOf, specialOf } from './special.ts';
import type { Type, Value, Variant } from './type.ts';

/** A value as one line of text, as it stands in a cell. */
export function valueText(type: Type, value: Value): string {
  if (type.kind === 'string') return value as string;
  const option = optionOf(type);
  if (option !== undefined) {
    const { tag, value: payload } = value as Variant;
    return tag === 0 ? valueText(option, payload) : 'none';
  }
  return innerText(type, value);
}

/** Inside of something else text has quotes. */
function innerText(type: Type, value: Value): string {
  switch (type.kind) {
    case 'product': {
      const values = value as readonly Value[];
      if (specialOf(type) !== undefined) return specialText(type, values[0] as bigint);
      const fields = type.fields.map((field, at) => `${field.name}: ${innerText(field.type, values[at] as Value)}`);
      return fields.length === 0 ? '()' : `{ ${fields.join(', ')} }`;
    }
    case 'sum': {
      const { tag, value: payload } = value as Variant;
      const variant = type.variants[tag];
      if (variant === undefined) return '?';
      return isUnit(variant.type) ? variant.name : `${variant.name}(${innerText(variant.type, payload)})`;
    }
    case 'array':
      if (value instanceof Uint8Array) return value.length === 0 ? '' : `0x${hexOf(value)}`;
      return `[${(value as readonly Value[]).map((item) => innerText(type.of, item)).join(', ')}]`;
    case 'string':
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

function specialText(type: Type, value: bigint): string {
  switch (specialOf(type)) {
    case 'timestamp':
      return timestampText(value);
    case 'time-duration':
      return durationText(value);
    case 'uuid':
      return hexText(value, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    case 'identity':
      return hexText(value, 64);
    default:
      return hexText(value, 32);
  }
}

function hexText(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Microseconds since the epoch as ISO 8601 in UTC; a moment that a date cannot hold stays a number. */
export function timestampText(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - rest) / 1000n));
  if (Number.isNaN(date.getTime())) return String(micros);
  return date.toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

function durationText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = String(size % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${micros < 0n ? '-' : ''}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`} s`;
}
