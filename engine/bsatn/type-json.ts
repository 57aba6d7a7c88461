import type { Field, ProductType, ScalarKind, Type } from './type.ts';

/** What a type of no parts is called in the types of SATS. */
export const scalarTags: Readonly<Record<ScalarKind, string>> = {
  bool: 'Bool',
  string: 'String',
  f32: 'F32',
  f64: 'F64',
  u8: 'U8',
  i8: 'I8',
  u16: 'U16',
  i16: 'I16',
  u32: 'U32',
  i32: 'I32',
  u64: 'U64',
  i64: 'I64',
  u128: 'U128',
  i128: 'I128',
  u256: 'U256',
  i256: 'I256',
};

/** The SATS-JSON text of a product type, as `/sql` names the columns of its rows. The type must not be recursive. */
export function productTypeText(type: ProductType): string {
  return JSON.stringify({ elements: type.fields.map(jsonOfField) });
}

function jsonOfField({ name, type }: Field): unknown {
  return { name: { some: name }, algebraic_type: jsonOfType(type) };
}

function jsonOfType(type: Type): unknown {
  switch (type.kind) {
    case 'product':
      return { Product: { elements: type.fields.map(jsonOfField) } };
    case 'sum':
      return { Sum: { variants: type.variants.map(jsonOfField) } };
    case 'array':
      return { Array: jsonOfType(type.of) };
    default:
      return { [scalarTags[type.kind]]: [] };
  }
}
