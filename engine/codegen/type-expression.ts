import { isBytes, isScheduleAt, isUnit, optionOf, resultOf, type Special, specialOf } from '../bsatn/special.ts';
import type { Field, Type } from '../bsatn/type.ts';
import { Rejection } from '../errors.ts';
import { camelCase, pascalCase } from '../module/names.ts';
import { block, propertyKey, quoted } from './text.ts';
import { isRecursive, valueType } from './value-type.ts';

/** What a type is called in the file being written. */
export type TypeNames = ReadonlyMap<Type, string>;

const specials: Record<Special, string> = {
  identity: '__t.identity()',
  'connection-id': '__t.connectionId()',
  timestamp: '__t.timestamp()',
  'time-duration': '__t.timeDuration()',
  uuid: '__t.uuid()',
};

/** A type written with the builders of the SDK, and the named types that it mentions. */
export interface TypeExpression {
  readonly text: string;
  readonly mentions: readonly string[];
}

/** @throws Rejection `unnamed-recursion` for a type that contains itself without having a name. */
export function typeExpression(type: Type, names: TypeNames): TypeExpression {
  const mentions: string[] = [];
  const open = new Set<Type>();

  const write = (inner: Type): string => {
    const name = names.get(inner);
    if (name === undefined) return writeUnnamed(inner);
    mentions.push(name);
    return name;
  };

  const writeUnnamed = (inner: Type): string => {
    if (open.has(inner)) {
      throw new Rejection(
        'unnamed-recursion',
        'A type contains itself without having a name: give it one in the module',
      );
    }
    open.add(inner);
    const text = writeStructure(inner, write);
    open.delete(inner);
    return text;
  };

  return { text: write(type), mentions };
}

function writeStructure(type: Type, write: (type: Type) => string): string {
  if (type.kind === 'array') return isBytes(type) ? '__t.byteArray()' : `__t.array(${write(type.of)})`;
  if (type.kind === 'product') {
    const special = specialOf(type);
    if (special !== undefined) return specials[special];
    if (isUnit(type)) return '__t.unit()';
    return `__t.object('', ${block(type.fields.map((field) => `${fieldKey(field)}: ${write(field.type)}`))})`;
  }
  if (type.kind === 'sum') {
    const some = optionOf(type);
    if (some !== undefined) return `__t.option(${write(some)})`;
    const result = resultOf(type);
    if (result !== undefined) return `__t.result(${write(result.ok)}, ${write(result.err)})`;
    if (isScheduleAt(type)) return '__t.scheduleAt()';
    return `__t.enum('', ${block(type.variants.map((variant) => `${variantKey(variant)}: ${write(variant.type)}`))})`;
  }
  return `__t.${type.kind}()`;
}

/** The declaration of a named type: a value that describes it, and the type of its values. */
export function typeDeclaration(name: string, type: Type, names: TypeNames): string {
  const builder = typeBuilder(name, type, names);
  if (!isRecursive(type)) return `export const ${name} = ${builder};\nexport type ${name} = __Infer<typeof ${name}>;`;
  const annotation = `__TypeBuilder<${name}, __AlgebraicTypeType>`;
  return `export const ${name}: ${annotation} = ${builder};\nexport type ${name} = ${valueType(type, names)};`;
}

function typeBuilder(name: string, type: Type, names: TypeNames): string {
  if (type.kind === 'product') return `__t.object(${quoted(name)}, ${fieldsBlock(type.fields, fieldKey, names)})`;
  if (type.kind === 'sum') return `__t.enum(${quoted(name)}, ${fieldsBlock(type.variants, variantKey, names)})`;
  return writeStructure(type, (inner) => typeExpression(inner, names).text);
}

/** Fields as an object literal: `key: type`, or a getter where a named type is mentioned, so that order is free. */
export function fieldsBlock(
  fields: readonly Field[],
  keyOf: (field: Field) => string,
  names: TypeNames,
  suffixOf: (field: Field, index: number) => string = () => '',
): string {
  return block(
    fields.map((field, index) => {
      const { text, mentions } = typeExpression(field.type, names);
      const expression = text + suffixOf(field, index);
      if (mentions.length === 0) return `${keyOf(field)}: ${expression}`;
      return `get ${keyOf(field)}() {\n  return ${expression};\n}`;
    }),
  );
}

export function fieldKey(field: Field): string {
  return propertyKey(camelCase(field.name));
}

function variantKey(variant: Field): string {
  return propertyKey(pascalCase(variant.name));
}
