import { isBytes, isScheduleAt, isUnit, optionOf, resultOf, type Special, specialOf } from '../bsatn/special.ts';
import type { ScalarKind, Type } from '../bsatn/type.ts';
import { camelCase, pascalCase } from '../module/names.ts';
import { propertyKey, quoted } from './text.ts';
import type { TypeNames } from './type-expression.ts';

/** Whether a value of a type can hold another one of it, which TypeScript cannot infer from its builder. */
export function isRecursive(type: Type): boolean {
  const seen = new Set<Type>();
  const reaches = (from: Type): boolean => {
    if (from === type && seen.size > 0) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return partsOf(from).some(reaches);
  };
  return reaches(type);
}

function partsOf(type: Type): readonly Type[] {
  if (type.kind === 'array') return [type.of];
  if (type.kind === 'product') return type.fields.map((field) => field.type);
  return type.kind === 'sum' ? type.variants.map((variant) => variant.type) : [];
}

const specials: Record<Special, string> = {
  identity: '__Identity',
  'connection-id': '__ConnectionId',
  timestamp: '__Timestamp',
  'time-duration': '__TimeDuration',
  uuid: '__Uuid',
};

/** Names of the SDK that `valueType` may mention. */
export const valueTypeImports = [
  'type AlgebraicTypeType as __AlgebraicTypeType',
  'type ConnectionId as __ConnectionId',
  'type Identity as __Identity',
  'type ScheduleAt as __ScheduleAt',
  'type TimeDuration as __TimeDuration',
  'type Timestamp as __Timestamp',
  'type TypeBuilder as __TypeBuilder',
  'type Uuid as __Uuid',
];

const numbers: ReadonlySet<ScalarKind> = new Set(['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'f64']);

/**
 * The TypeScript type of a type's values, written out; `type` itself may be named, its parts keep their names. A module's
 * type may be called as a global one is.
 */
export function valueType(type: Type, names: TypeNames): string {
  const part = (inner: Type): string => names.get(inner) ?? valueType(inner, names);
  if (type.kind === 'array') return isBytes(type) ? 'globalThis.Uint8Array' : `(${part(type.of)})[]`;
  if (type.kind === 'product') {
    const special = specialOf(type);
    if (special !== undefined) return specials[special];
    if (isUnit(type)) return '{}';
    return `{ ${type.fields.map((field) => `${propertyKey(camelCase(field.name))}: ${part(field.type)}`).join('; ')} }`;
  }
  if (type.kind === 'sum') {
    const some = optionOf(type);
    if (some !== undefined) return `${part(some)} | undefined`;
    const result = resultOf(type);
    if (result !== undefined) return `${part(result.ok)} | ${part(result.err)}`;
    if (isScheduleAt(type)) return '__ScheduleAt';
    const variants = type.variants.map(({ name, type: payload }) => {
      const tag = `tag: ${quoted(pascalCase(name))}`;
      return isUnit(payload) ? `{ ${tag} }` : `{ ${tag}; value: ${part(payload)} }`;
    });
    return variants.length === 0 ? 'never' : variants.join(' | ');
  }
  if (type.kind === 'bool') return 'boolean';
  if (type.kind === 'string') return 'string';
  return numbers.has(type.kind) ? 'number' : 'bigint';
}
