import type { Field, IntegerKind, Type } from './type.ts';

/** Products of one field whose name gives them a meaning of their own. */
export type Special = 'identity' | 'connection-id' | 'timestamp' | 'time-duration' | 'uuid';

const specials: ReadonlyMap<string, Special> = new Map([
  ['__identity__', 'identity'],
  ['__connection_id__', 'connection-id'],
  ['__timestamp_micros_since_unix_epoch__', 'timestamp'],
  ['__time_duration_micros__', 'time-duration'],
  ['__uuid__', 'uuid'],
]);

export function specialOf(type: Type): Special | undefined {
  if (type.kind !== 'product' || type.fields.length !== 1) return undefined;
  return specials.get(type.fields[0]?.name ?? '');
}

/** The payload's type when `type` is an option. */
export function optionOf(type: Type): Type | undefined {
  if (type.kind !== 'sum' || type.variants.length !== 2) return undefined;
  const [some, none] = type.variants;
  return some?.name === 'some' && none?.name === 'none' ? some.type : undefined;
}

export function isUnit(type: Type): boolean {
  return type.kind === 'product' && type.fields.length === 0;
}

export function isBytes(type: Type): boolean {
  return type.kind === 'array' && type.of.kind === 'u8';
}

export function isInteger(kind: string): kind is IntegerKind {
  return /^[ui]\d+$/.test(kind);
}

/** Whether JavaScript's numbers are too small for it. */
export function isWide(kind: IntegerKind): boolean {
  return Number(kind.slice(1)) >= 64;
}

export function rangeOf(kind: IntegerKind): { readonly min: bigint; readonly max: bigint } {
  const bits = BigInt(kind.slice(1));
  if (kind.startsWith('u')) return { min: 0n, max: (1n << bits) - 1n };
  return { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n };
}

/** Whether SQL can put rows in the order of such a column. */
export function isOrdered(type: Type): boolean {
  if (type.kind === 'product') return specialOf(type) !== undefined && specialOf(type) !== 'time-duration';
  return type.kind !== 'sum' && (type.kind !== 'array' || isBytes(type));
}

const specialNames: Readonly<Record<Special, string>> = {
  identity: 'Identity',
  'connection-id': 'ConnectionId',
  timestamp: 'Timestamp',
  'time-duration': 'TimeDuration',
  uuid: 'Uuid',
};

/** A type in a few words, named types by their names: `u64`, `string?`, `Colour[]`. */
export function typeText(type: Type, names: ReadonlyMap<Type, string>): string {
  const name = names.get(type);
  if (name !== undefined) return name;
  const special = specialOf(type);
  if (special !== undefined) return specialNames[special];
  const option = optionOf(type);
  if (option !== undefined) return `${typeText(option, names)}?`;
  if (isBytes(type)) return 'bytes';
  if (type.kind === 'array') return `${typeText(type.of, names)}[]`;
  const list = (fields: readonly Field[]) => fields.map((field) => `${field.name}: ${typeText(field.type, names)}`);
  if (type.kind === 'product') return type.fields.length === 0 ? '()' : `{${list(type.fields).join(', ')}}`;
  if (type.kind !== 'sum') return type.kind;
  const variants = type.variants.map((variant) =>
    isUnit(variant.type) ? variant.name : `${variant.name}(${typeText(variant.type, names)})`,
  );
  return variants.join(' | ');
}
