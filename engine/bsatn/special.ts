import type { Field, ProductType, Type } from './type.ts';

/** Products of one field whose name gives them a meaning of their own. */
export type Special = 'identity' | 'connection-id' | 'timestamp' | 'time-duration' | 'uuid';

export const unitType: ProductType = { kind: 'product', fields: [] };
export const bytesType: Type = { kind: 'array', of: { kind: 'u8' } };
export const identityType: ProductType = wrapper('__identity__', { kind: 'u256' });
export const connectionIdType: ProductType = wrapper('__connection_id__', { kind: 'u128' });
export const timestampType: ProductType = wrapper('__timestamp_micros_since_unix_epoch__', { kind: 'i64' });
export const timeDurationType: ProductType = wrapper('__time_duration_micros__', { kind: 'i64' });
export const uuidType: ProductType = wrapper('__uuid__', { kind: 'u128' });
export const scheduleAtType: Type = {
  kind: 'sum',
  variants: [
    { name: 'Interval', type: timeDurationType },
    { name: 'Time', type: timestampType },
  ],
};

const specials: readonly { readonly special: Special; readonly type: ProductType }[] = [
  { special: 'identity', type: identityType },
  { special: 'connection-id', type: connectionIdType },
  { special: 'timestamp', type: timestampType },
  { special: 'time-duration', type: timeDurationType },
  { special: 'uuid', type: uuidType },
];

export function specialOf(type: Type): Special | undefined {
  if (type.kind !== 'product' || type.fields.length !== 1) return undefined;
  const [field] = type.fields;
  return specials.find(({ type: { fields } }) => isSameField(fields[0], field))?.special;
}

/** The payload's type when `type` is an option: `some` of it, or `none`. */
export function optionOf(type: Type): Type | undefined {
  const [some, none] = pairOf(type);
  return some?.name === 'some' && none?.name === 'none' && isUnit(none.type) ? some.type : undefined;
}

export function resultOf(type: Type): { readonly ok: Type; readonly err: Type } | undefined {
  const [ok, err] = pairOf(type);
  return ok?.name === 'ok' && err?.name === 'err' ? { ok: ok.type, err: err.type } : undefined;
}

/** Variant names may have been converted to camelCase with a module's other names. */
export function isScheduleAt(type: Type): boolean {
  const [interval, time] = pairOf(type);
  return (
    interval?.name.toLowerCase() === 'interval' &&
    time?.name.toLowerCase() === 'time' &&
    specialOf(interval.type) === 'time-duration' &&
    specialOf(time.type) === 'timestamp'
  );
}

export function isUnit(type: Type): boolean {
  return type.kind === 'product' && type.fields.length === 0;
}

/** A sum whose variants carry nothing: its value is one byte. */
export function isUnitEnum(type: Type): boolean {
  return type.kind === 'sum' && type.variants.length > 0 && type.variants.every((variant) => isUnit(variant.type));
}

export function isBytes(type: Type): boolean {
  return type.kind === 'array' && type.of.kind === 'u8';
}

function wrapper(name: string, type: Type): ProductType {
  return { kind: 'product', fields: [{ name, type }] };
}

function isSameField(a: Field | undefined, b: Field | undefined): boolean {
  return a !== undefined && b !== undefined && a.name === b.name && a.type.kind === b.type.kind;
}

function pairOf(type: Type): readonly (Field | undefined)[] {
  return type.kind === 'sum' && type.variants.length === 2 ? type.variants : [];
}
