import { isBytes, isInteger, isWide, optionOf } from '../sats/special.ts';
import type { Type, Value } from '../sats/type.ts';

/** A plain value of a type, to be written over. */
export function plainValue(type: Type): Value {
  if (optionOf(type) !== undefined) return { tag: 1, value: [] };
  if (isBytes(type)) return new Uint8Array();
  switch (type.kind) {
    case 'product':
      return type.fields.map((field) => plainValue(field.type));
    case 'sum':
      return { tag: 0, value: plainValue(type.variants[0]?.type ?? { kind: 'product', fields: [] }) };
    case 'array':
      return [];
    case 'bool':
      return false;
    case 'string':
      return '';
    default:
      return isInteger(type.kind) && isWide(type.kind) ? 0n : 0;
  }
}
