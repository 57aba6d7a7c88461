import { isBytes, isScheduleAt, isUnit, isUnitEnum, optionOf, resultOf, specialOf } from '../bsatn/special.ts';
import type { Field, Type } from '../bsatn/type.ts';
import type { NamedType } from './definition.ts';

const specials = {
  identity: 'Identity',
  'connection-id': 'ConnectionId',
  timestamp: 'Timestamp',
  'time-duration': 'TimeDuration',
  uuid: 'Uuid',
} as const;

/** A type in a few words: `u64`, `string?`, `Colour[]`, `{x: i32, y: i32}`. */
export function typeText(type: Type, named: readonly NamedType[]): string {
  const name = named.find((entry) => entry.type === type)?.name;
  return name ?? bodyText(type, named);
}

/** What is behind a type's name. */
export function bodyText(type: Type, named: readonly NamedType[]): string {
  const special = specialOf(type);
  if (special !== undefined) return specials[special];
  if (isScheduleAt(type)) return 'ScheduleAt';
  if (isBytes(type)) return 'bytes';
  if (isUnit(type)) return '()';
  const option = optionOf(type);
  if (option !== undefined) return `${typeText(option, named)}?`;
  const result = resultOf(type);
  if (result !== undefined) return `Result<${typeText(result.ok, named)}, ${typeText(result.err, named)}>`;
  if (type.kind === 'array') return `${typeText(type.of, named)}[]`;
  if (type.kind === 'product') return `{${paramsText(type.fields, named)}}`;
  if (type.kind !== 'sum') return type.kind;
  if (isUnitEnum(type)) return type.variants.map((variant) => variant.name).join(' | ');
  return type.variants.map((variant) => `${variant.name}(${typeText(variant.type, named)})`).join(' | ');
}

/** Fields as `name: type`, separated by commas. */
export function paramsText(fields: readonly Field[], named: readonly NamedType[]): string {
  return fields.map(({ name, type }) => `${name}: ${typeText(type, named)}`).join(', ');
}
