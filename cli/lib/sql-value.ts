import { type Column, type ColumnType, partsOf } from './sql-answer.ts';

/**
 * A value of SQL as plain JSON. Integers of 64 bits and more, identities and ids are strings, timestamps are ISO 8601
 * with microseconds, bytes are hex; an option is its value or null; a sum without a payload is its name.
 */
export function plainValue(value: unknown, type: ColumnType): unknown {
  if ('Product' in type) return plainProduct(value, partsOf(type) ?? []);
  if ('Sum' in type) return plainSum(value, partsOf(type) ?? []);
  if ('Array' in type) {
    return Array.isArray(value) ? value.map((item) => plainValue(item, type['Array'] as ColumnType)) : value;
  }
  const isWide = ['U64', 'I64', 'U128', 'I128', 'U256', 'I256'].some((kind) => kind in type);
  return isWide ? String(value) : value;
}

/** A value of SQL in a cell of a table. */
export function cellText(value: unknown, type: ColumnType): string {
  const plain = plainValue(value, type);
  if (plain === null) return '';
  return typeof plain === 'object' ? compact(plain) : String(plain);
}

function plainProduct(value: unknown, fields: readonly Column[]): unknown {
  const values = Array.isArray(value) ? value : [];
  const [field] = fields;
  if (field !== undefined && fields.length === 1) {
    const inner = String(values[0]);
    if (field.name === '__identity__') return inner.replace(/^0x/, '');
    if (field.name === '__connection_id__') return BigInt(inner).toString(16).padStart(32, '0');
    if (field.name === '__timestamp_micros_since_unix_epoch__') return timestampText(BigInt(inner));
    if (field.name === '__time_duration_micros__') return durationText(BigInt(inner));
    if (field.name === '__uuid__') return uuidText(BigInt(inner));
  }
  return Object.fromEntries(fields.map(({ name, type }, at) => [name, plainValue(values[at], type)]));
}

function plainSum(value: unknown, variants: readonly Column[]): unknown {
  const [tag, payload] = Array.isArray(value) ? value : [];
  const variant = variants[Number(tag)];
  if (variant === undefined) return value;
  const isOption = variants.length === 2 && variants[0]?.name === 'some' && variants[1]?.name === 'none';
  if (isOption) return variant.name === 'none' ? null : plainValue(payload, variant.type);
  const isUnit = partsOf(variant.type)?.length === 0;
  return isUnit ? variant.name : { [variant.name]: plainValue(payload, variant.type) };
}

/** Microseconds since the epoch as ISO 8601; a moment that a date cannot hold stays a number. */
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

function uuidText(value: bigint): string {
  const hex = value.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}: ${compact(inner)}`)
    .join(', ')}}`;
}
