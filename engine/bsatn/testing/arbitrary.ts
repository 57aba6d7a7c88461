import fc from 'fast-check';
import { isInteger, isWide, rangeOf } from '../integer.ts';
import {
  bytesType,
  connectionIdType,
  identityType,
  scheduleAtType,
  timestampType,
  unitType,
  uuidType,
} from '../special.ts';
import type { ProductType, ScalarKind, Type } from '../type.ts';
import type { SumValue, Value } from '../value.ts';

export const integerKinds = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'u64',
  'i64',
  'u128',
  'i128',
  'u256',
  'i256',
] as const;
const scalarKinds: readonly ScalarKind[] = ['bool', 'string', 'f32', 'f64', ...integerKinds];

export const scalarType: fc.Arbitrary<Type> = fc.constantFrom(...scalarKinds).map((kind) => ({ kind }));

export const unitEnumType: Type = {
  kind: 'sum',
  variants: ['red', 'green', 'blue'].map((name) => ({ name, type: unitType })),
};

/** A list: `cons` of a number and the rest, or `nil`. */
export const listType: Type = recursiveList();

function recursiveList(): Type {
  const fields: { name: string; type: Type }[] = [{ name: 'head', type: { kind: 'u8' } }];
  const list: Type = {
    kind: 'sum',
    variants: [
      { name: 'cons', type: { kind: 'product', fields } },
      { name: 'nil', type: unitType },
    ],
  };
  fields.push({ name: 'tail', type: list });
  return list;
}

const namedTypes = [
  bytesType,
  identityType,
  connectionIdType,
  timestampType,
  uuidType,
  scheduleAtType,
  unitEnumType,
  listType,
  unitType,
];

export const anyType: fc.Arbitrary<Type> = fc.letrec<{ type: Type }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalarType,
    fc.constantFrom(...namedTypes),
    tie('type').map((of): Type => ({ kind: 'array', of })),
    fc.array(tie('type'), { maxLength: 4 }).map((types): Type => ({ kind: 'product', fields: named(types, 'f') })),
    fc
      .array(tie('type'), { minLength: 1, maxLength: 3 })
      .map((types): Type => ({ kind: 'sum', variants: named(types, 'v') })),
    tie('type').map(
      (type): Type => ({
        kind: 'sum',
        variants: [
          { name: 'some', type },
          { name: 'none', type: unitType },
        ],
      }),
    ),
  ),
})).type;

/** Types of columns that people index. */
export const keyType: fc.Arbitrary<Type> = fc.oneof(
  scalarType,
  fc.constantFrom(bytesType, identityType, connectionIdType, timestampType, uuidType, unitEnumType, scheduleAtType),
  anyType,
);

export function rowType(columns: readonly Type[]): ProductType {
  return { kind: 'product', fields: named(columns, 'c') };
}

function named(types: readonly Type[], letter: string): { name: string; type: Type }[] {
  return types.map((type, i) => ({ name: `${letter}${i}`, type }));
}

/** Values of `type`, small ones often, so that equal values and shared prefixes are frequent. */
export function valuesOf(type: Type, depth = 0): fc.Arbitrary<Value> {
  if (isInteger(type.kind)) {
    const { min, max } = rangeOf(type.kind);
    const edges = [min, min + 1n, -1n, 0n, 1n, 2n, max - 1n, max, 2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 255n, 256n];
    const fitting = edges.filter((edge) => edge >= min && edge <= max);
    const value = fc.oneof(fc.constantFrom(...fitting), fc.bigInt({ min, max }));
    return isWide(type.kind) ? value : value.map(Number);
  }
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.oneof(
        fc.constantFrom('', 'a', 'ab', 'b', '\0', 'a\0', 'a\x01', 'é', '￿', '😀'),
        fc.string({ unit: 'binary', maxLength: 6 }),
      );
    case 'f32':
      return fc.oneof(fc.constantFrom(0, -0, Number.NaN, -1, 1), fc.float());
    case 'f64':
      return fc.oneof(fc.constantFrom(0, -0, Number.NaN, -1, 1), fc.double());
    case 'array':
      if (type.of.kind === 'u8') return fc.uint8Array({ maxLength: 5 });
      return fc.array(valuesOf(type.of, depth + 1), { maxLength: 3 });
    case 'product':
      return fc.tuple(...type.fields.map((field) => valuesOf(field.type, depth + 1)));
    case 'sum': {
      const choices = type.variants.map((variant, tag) => ({ tag, type: variant.type }));
      const last = choices.at(-1);
      // Deep inside a recursive type only the last variant is taken, which ends it.
      const allowed = depth > 6 && last !== undefined ? [last] : choices;
      return fc.oneof(
        ...allowed.map(({ tag, type: of }) => valuesOf(of, depth + 1).map((value): SumValue => ({ tag, value }))),
      );
    }
    default:
      throw new Error(`no values of ${type.kind}`);
  }
}

/** A type and values of it. */
export function typeAndValues(types: fc.Arbitrary<Type>, count: number): fc.Arbitrary<{ type: Type; values: Value[] }> {
  return types.chain((type) =>
    fc.record({ type: fc.constant(type), values: fc.array(valuesOf(type), { minLength: count, maxLength: count }) }),
  );
}

/** The order of values, the obvious way. */
export function compareValues(type: Type, a: Value, b: Value): number {
  switch (type.kind) {
    case 'product':
      return compareLists(
        type.fields.map((field) => field.type),
        a as Value[],
        b as Value[],
      );
    case 'sum': {
      const [x, y] = [a as SumValue, b as SumValue];
      const variant = type.variants[x.tag];
      return x.tag - y.tag || (variant === undefined ? 0 : compareValues(variant.type, x.value, y.value));
    }
    case 'array': {
      const [x, y] = [[...(a as Value[])], [...(b as Value[])]];
      return (
        compareLists(
          x.map(() => type.of),
          x,
          y.slice(0, x.length),
        ) || x.length - y.length
      );
    }
    case 'string':
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
    case 'f32':
    case 'f64':
      return compareFloats(a as number, b as number);
    default:
      return a < b ? -1 : a > b ? 1 : 0;
  }
}

function compareLists(types: readonly Type[], a: readonly Value[], b: readonly Value[]): number {
  for (const [i, type] of types.entries()) {
    if (i >= b.length) return 1;
    const order = compareValues(type, a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return 0;
}

/** JavaScript has one NaN, which is positive: it comes last. */
function compareFloats(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
  if (a === b) return Object.is(a, -0) ? -1 : 1;
  return a < b ? -1 : 1;
}
