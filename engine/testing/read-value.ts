import { ConnectionId, Identity, ScheduleAt, TimeDuration, Timestamp, Uuid } from 'spacetimedb';
import type { Reader } from '../bsatn/reader.ts';
import { isBytes, isScheduleAt, isUnit, optionOf, resultOf, type Special, specialOf } from '../bsatn/special.ts';
import type { ProductType, SumType, Type } from '../bsatn/type.ts';
import { assert } from '../errors.ts';
import { camelCase, pascalCase } from '../module/names.ts';

const specials: Record<Special, (reader: Reader) => unknown> = {
  identity: (reader) => new Identity(reader.u256()),
  'connection-id': (reader) => new ConnectionId(reader.u128()),
  timestamp: (reader) => new Timestamp(reader.i64()),
  'time-duration': (reader) => new TimeDuration(reader.i64()),
  uuid: (reader) => new Uuid(reader.u128()),
};

/**
 * Reads a value as the official client gives it: an object with camelCase keys for a product, `undefined` for no option,
 * `{ tag, value }` for a sum, without `value` where there is none to carry.
 */
export function readSdkValue(type: Type, reader: Reader): unknown {
  switch (type.kind) {
    case 'product': {
      const special = specialOf(type);
      if (special !== undefined) return specials[special](reader);
      const keys = keysOf(type);
      return Object.fromEntries(type.fields.map((field, i) => [keys[i], readSdkValue(field.type, reader)]));
    }
    case 'sum':
      return readSum(type, reader);
    case 'array': {
      if (isBytes(type)) return reader.byteArray().slice();
      const count = reader.u32();
      return Array.from({ length: count }, () => readSdkValue(type.of, reader));
    }
    default:
      return reader[type.kind]();
  }
}

const known = new WeakMap<ProductType, readonly string[]>();

/** Splitting names into words costs more than reading the values. */
function keysOf(type: ProductType): readonly string[] {
  const keys = known.get(type) ?? type.fields.map(({ name }) => camelCase(name));
  known.set(type, keys);
  return keys;
}

function readSum(type: SumType, reader: Reader): unknown {
  const tag = reader.u8();
  const variant = type.variants[tag];
  assert(variant, `the tag ${tag} is none of ${type.variants.length}`);
  const value = readSdkValue(variant.type, reader);
  if (optionOf(type) !== undefined) return tag === 0 ? value : undefined;
  if (resultOf(type) !== undefined) return tag === 0 ? { ok: value } : { err: value };
  if (isScheduleAt(type)) return scheduleAt(value);
  return isUnit(variant.type) ? { tag: pascalCase(variant.name) } : { tag: pascalCase(variant.name), value };
}

function scheduleAt(value: unknown): unknown {
  if (value instanceof TimeDuration) return ScheduleAt.interval(value.micros);
  assert(value instanceof Timestamp, 'a schedule is an interval or a time');
  return ScheduleAt.time(value.microsSinceUnixEpoch);
}
