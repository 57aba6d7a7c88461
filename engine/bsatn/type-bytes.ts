import type { Field, ScalarKind, Type } from './type.ts';
import { Writer } from './writer.ts';

/** The tags of SATS types, in the order of its AlgebraicType; 0 is a reference. */
const tags: Readonly<Record<ScalarKind | 'sum' | 'product' | 'array', number>> = {
  ...{ sum: 1, product: 2, array: 3, string: 4, bool: 5 },
  ...{ i8: 6, u8: 7, i16: 8, u16: 9, i32: 10, u32: 11, i64: 12, u64: 13 },
  ...{ i128: 14, u128: 15, i256: 16, u256: 17, f32: 18, f64: 19 },
};

/** The BSATN of a type itself. Where a recursive type comes round again, a reference says how many levels up. */
export function typeBytes(type: Type): Uint8Array {
  const writer = new Writer();
  write(type, writer, []);
  return writer.copy();
}

function write(type: Type, writer: Writer, above: readonly Type[]): void {
  const level = above.indexOf(type);
  if (level >= 0) {
    writer.u8(0);
    writer.u32(above.length - level);
    return;
  }
  writer.u8(tags[type.kind]);
  const inside = [...above, type];
  if (type.kind === 'array') write(type.of, writer, inside);
  else if (type.kind === 'product') writeFields(type.fields, writer, inside);
  else if (type.kind === 'sum') writeFields(type.variants, writer, inside);
}

function writeFields(fields: readonly Field[], writer: Writer, above: readonly Type[]): void {
  writer.u32(fields.length);
  for (const { name, type } of fields) {
    writer.u8(0);
    writer.string(name);
    write(type, writer, above);
  }
}
