import fc from 'fast-check';
import { AlgebraicType, BinaryReader } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import { Reader } from '../bsatn/reader.ts';
import { isUnit, optionOf, specialOf } from '../bsatn/special.ts';
import { anyType, listType, typeAndValues } from '../bsatn/testing/arbitrary.ts';
import type { Field, Type } from '../bsatn/type.ts';
import { encodeValue } from '../bsatn/value.ts';
import { Writer } from '../bsatn/writer.ts';
import { camelCase, pascalCase } from '../module/names.ts';
import { readSdkValue } from './read-value.ts';
import { writeSdkValue } from './write-value.ts';

describe('values', () => {
  it('[KIT9] are read as the official client reads them', () => {
    const typed = typeAndValues(
      // Of the client's `{}` nobody can tell whether it is a variant's missing payload or an option of nothing.
      anyType.filter((type) => !contains(type, listType) && !hasOptionOfUnit(type)),
      1,
    );
    fc.assert(
      fc.property(typed, ({ type, values: [value = 0] }) => {
        const bytes = encodeValue(type, value);
        const read = AlgebraicType.makeDeserializer(sdkType(type))(new BinaryReader(bytes));
        expect(readSdkValue(type, new Reader(bytes))).toEqual(withoutUnits(read));
      }),
    );
  });

  it('[KIT9] are written as they were read', () => {
    fc.assert(
      fc.property(typeAndValues(anyType, 1), ({ type, values: [value = 0] }) => {
        // Nothing tells an option that holds none from one that is none.
        fc.pre(!hasNestedOption(type));
        const bytes = encodeValue(type, value);
        const writer = new Writer();
        writeSdkValue(type, readSdkValue(type, new Reader(bytes)), writer, 'value');
        expect(writer.copy()).toEqual(bytes);
      }),
    );
  });
});

/** A type as generated bindings name it. */
function sdkType(type: Type): AlgebraicType {
  const elements = (fields: readonly Field[], rename: (name: string) => string) =>
    fields.map(({ name, type: of }) => ({ name: rename(name), algebraicType: sdkType(of) }));
  switch (type.kind) {
    case 'product': {
      const rename = specialOf(type) === undefined ? camelCase : (name: string) => name;
      return AlgebraicType.Product({ elements: elements(type.fields, rename) });
    }
    case 'sum': {
      const isOption = type.variants[0]?.name === 'some';
      return AlgebraicType.Sum({ variants: elements(type.variants, isOption ? (name) => name : pascalCase) });
    }
    case 'array':
      return AlgebraicType.Array(sdkType(type.of));
    default: {
      const tag = pascalCase(type.kind) as Exclude<AlgebraicType['tag'], 'Product' | 'Sum'>;
      return { tag } as AlgebraicType;
    }
  }
}

/** Its types say that a variant without a payload has no value; at run time there is an empty object. */
function withoutUnits(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnits);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutUnits(inner)] as const);
  const isUnitVariant = 'tag' in value && 'value' in value && isEmpty(value.value);
  return Object.fromEntries(entries.filter(([key]) => !(isUnitVariant && key === 'value')));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 && isPlain(value);
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function contains(type: Type, part: Type, seen = new Set<Type>()): boolean {
  if (type === part) return true;
  if (seen.has(type)) return false;
  seen.add(type);
  return partsOf(type).some((inner) => contains(inner, part, seen));
}

function hasNestedOption(type: Type, seen = new Set<Type>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  const some = type.kind === 'sum' && type.variants[0]?.name === 'some' ? type.variants[0].type : undefined;
  const isNested = some?.kind === 'sum' && some.variants[0]?.name === 'some';
  return isNested || partsOf(type).some((inner) => hasNestedOption(inner, seen));
}

function hasOptionOfUnit(type: Type): boolean {
  const some = optionOf(type);
  return (some !== undefined && isUnit(some)) || partsOf(type).some(hasOptionOfUnit);
}

function partsOf(type: Type): readonly Type[] {
  if (type.kind === 'array') return [type.of];
  if (type.kind === 'product') return type.fields.map((field) => field.type);
  return type.kind === 'sum' ? type.variants.map((variant) => variant.type) : [];
}
