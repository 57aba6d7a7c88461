import { isBytes, isInteger, isWide, optionOf } from '../sats/special.ts';
import type { SumType, Type, Value } from '../sats/type.ts';

/** A plain value of a type, to be written over. */
export function plainValue(type: Type): Value {
  if (optionOf(type) !== undefined) return { tag: 1, value: [] };
  if (isBytes(type)) return new Uint8Array();
  switch (type.kind) {
    case 'product':
      return type.fields.map((field) => plainValue(field.type));
    case 'sum': {
      const tag = plainVariant(type);
      return { tag, value: plainValue(type.variants[tag]?.type ?? { kind: 'product', fields: [] }) };
    }
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

/** The first variant whose payload need not contain the sum itself, without end. */
export function plainVariant(type: SumType): number {
  return Math.max(
    0,
    type.variants.findIndex((variant) => canEnd(variant.type, new Set([type]))),
  );
}

function canEnd(type: Type, within: ReadonlySet<Type>): boolean {
  if (type.kind === 'product') return type.fields.every((field) => canEnd(field.type, within));
  if (type.kind !== 'sum' || optionOf(type) !== undefined) return true;
  return !within.has(type) && type.variants.some((variant) => canEnd(variant.type, new Set([...within, type])));
}
