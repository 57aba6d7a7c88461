import { isInRange, isInteger, isWide } from '../bsatn/integer.ts';
import { isBytes, isScheduleAt, isUnit, optionOf, resultOf, type Special, specialOf } from '../bsatn/special.ts';
import type { Field, ProductType, ScalarKind, SumType, Type } from '../bsatn/type.ts';
import type { Writer } from '../bsatn/writer.ts';
import { Rejection } from '../errors.ts';
import { camelCase, pascalCase } from '../module/names.ts';

/** The one property in which the client's class for a special type keeps its number, and that class. */
const specials: Record<Special, { readonly key: string; readonly className: string }> = {
  identity: { key: '__identity__', className: 'Identity' },
  'connection-id': { key: '__connection_id__', className: 'ConnectionId' },
  timestamp: { key: '__timestamp_micros_since_unix_epoch__', className: 'Timestamp' },
  'time-duration': { key: '__time_duration_micros__', className: 'TimeDuration' },
  uuid: { key: '__uuid__', className: 'Uuid' },
};

/**
 * Writes a value as the official client takes it. Keys and tags may be in camelCase and PascalCase, or canonical.
 * @param path names the value in messages
 * @throws Rejection `argument` that says which part was expected to be what
 */
export function writeSdkValue(type: Type, value: unknown, writer: Writer, path: string): void {
  switch (type.kind) {
    case 'product': {
      const special = specialOf(type);
      if (special === undefined) writeProduct(type, value, writer, path);
      else writeSpecial(type, special, value, writer, path);
      return;
    }
    case 'sum':
      writeSum(type, value, writer, path);
      return;
    case 'array':
      writeArray(type.of, isBytes(type), value, writer, path);
      return;
    default:
      writeScalar(type.kind, value, writer, path);
  }
}

function writeProduct(type: ProductType, value: unknown, writer: Writer, path: string): void {
  const fields = type.fields.map((field) => ({ ...field, key: camelCase(field.name) }));
  const keys = fields.map(({ key }) => key).join(', ');
  if (!isObject(value)) throw mismatch(path, keys === '' ? 'an object without keys' : `an object with ${keys}`, value);
  for (const key of Object.keys(value)) {
    if (fields.some((field) => field.key === key || field.name === key)) continue;
    const has = keys === '' ? 'it takes none' : `there are ${keys}`;
    throw new Rejection('argument', `${path}: there is no ${key}; ${has}`);
  }
  for (const { key, name, type: of } of fields) {
    writeSdkValue(of, Object.hasOwn(value, key) ? value[key] : value[name], writer, `${path}.${key}`);
  }
}

function writeSpecial(type: ProductType, special: Special, value: unknown, writer: Writer, path: string): void {
  const { key, className } = specials[special];
  const [field] = type.fields;
  const inner = isObject(value) ? value[key] : undefined;
  if (typeof inner !== 'bigint' || !field) throw mismatch(path, `a value of the class ${className}`, value);
  writeSdkValue(field.type, inner, writer, path);
}

function writeSum(type: SumType, value: unknown, writer: Writer, path: string): void {
  const some = optionOf(type);
  if (some !== undefined) {
    writer.u8(value === undefined ? 1 : 0);
    if (value !== undefined) writeSdkValue(some, value, writer, path);
    return;
  }
  const result = resultOf(type);
  if (result !== undefined) {
    if (!isObject(value) || 'ok' in value === 'err' in value) throw mismatch(path, 'an object with ok or err', value);
    const isOk = 'ok' in value;
    writer.u8(isOk ? 0 : 1);
    writeSdkValue(isOk ? result.ok : result.err, isOk ? value['ok'] : value['err'], writer, path);
    return;
  }
  const isTagOf = ({ name }: Field, tag: unknown) =>
    tag === name || (typeof tag === 'string' && pascalCase(tag) === pascalCase(name));
  const tag = isObject(value) ? type.variants.findIndex((variant) => isTagOf(variant, value['tag'])) : -1;
  const variant = type.variants[tag];
  if (!isObject(value) || !variant) throw mismatch(path, `an object ${tagList(type)}`, value);
  writer.u8(tag);
  const payload = isUnit(variant.type) ? {} : value['value'];
  writeSdkValue(variant.type, payload, writer, `${path}.${pascalCase(variant.name)}`);
}

function tagList(type: SumType): string {
  if (isScheduleAt(type)) return 'made by ScheduleAt.interval or ScheduleAt.time';
  const tags = type.variants.map(({ name, type: of }) => `'${pascalCase(name)}'${isUnit(of) ? '' : ' and a value'}`);
  return `with the tag ${tags.join(', ')}`;
}

function writeArray(of: Type, isOfBytes: boolean, value: unknown, writer: Writer, path: string): void {
  if (isOfBytes) {
    if (!(value instanceof Uint8Array)) throw mismatch(path, 'a Uint8Array', value);
    writer.byteArray(value);
    return;
  }
  if (!Array.isArray(value)) throw mismatch(path, 'an array', value);
  writer.u32(value.length);
  for (const [i, element] of value.entries()) writeSdkValue(of, element, writer, `${path}[${i}]`);
}

function writeScalar(kind: ScalarKind, value: unknown, writer: Writer, path: string): void {
  if (kind === 'bool') {
    if (typeof value !== 'boolean') throw mismatch(path, 'a boolean', value);
    writer.bool(value);
  } else if (kind === 'string') {
    if (typeof value !== 'string') throw mismatch(path, 'a string', value);
    writer.string(value);
  } else if (!isInteger(kind)) {
    if (typeof value !== 'number') throw mismatch(path, `a number (${kind})`, value);
    writer[kind](value);
  } else if (isWide(kind)) {
    if (typeof value !== 'bigint' || !isInRange(kind, value)) throw mismatch(path, `a bigint that fits ${kind}`, value);
    writer[kind](value);
  } else {
    const isWhole = typeof value === 'number' && Number.isInteger(value);
    if (!isWhole || !isInRange(kind, BigInt(value))) throw mismatch(path, `a whole number that fits ${kind}`, value);
    writer[kind](value);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function mismatch(path: string, expected: string, value: unknown): Rejection {
  return new Rejection('argument', `${path}: expected ${expected}, but got ${shown(value)}`);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (!isObject(value)) return String(value);
  const className = value.constructor?.name ?? 'Object';
  return className === 'Object' ? `an object with ${Object.keys(value).join(', ') || 'no keys'}` : `a ${className}`;
}
