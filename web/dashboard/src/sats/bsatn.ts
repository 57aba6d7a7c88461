import { isBytes, isInteger, isWide } from './special.ts';
import type { IntegerKind, Type, Value } from './type.ts';

// The SDK's own decoders are compiled at run time, which a page may do only under a policy with `unsafe-eval`: the types
// of any module are known only then. This reader walks the type instead.

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Steps through BSATN: little-endian, lengths as u32 before what they count. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.offset >= this.#bytes.length;
  }

  /** What lies between two offsets, not copied. */
  between(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  bytes(count: number): Uint8Array {
    const start = this.#skip(count);
    return this.#bytes.subarray(start, this.offset);
  }

  string(): string {
    return utf8.decode(this.bytes(this.u32()));
  }

  wide(kind: IntegerKind): bigint {
    const words = Number(kind.slice(1)) / 64;
    let value = 0n;
    for (let word = 0; word < words; word++) {
      const at = this.#skip(8);
      const isTop = word === words - 1 && kind.startsWith('i');
      const part = isTop ? this.#view.getBigInt64(at, true) : this.#view.getBigUint64(at, true);
      value += part << BigInt(64 * word);
    }
    return value;
  }

  small(kind: IntegerKind | 'f32' | 'f64'): number {
    switch (kind) {
      case 'u8':
        return this.u8();
      case 'u16':
        return this.u16();
      case 'u32':
        return this.u32();
      case 'i8':
        return this.#view.getInt8(this.#skip(1));
      case 'i16':
        return this.#view.getInt16(this.#skip(2), true);
      case 'i32':
        return this.#view.getInt32(this.#skip(4), true);
      case 'f32':
        return this.#view.getFloat32(this.#skip(4), true);
      default:
        return this.#view.getFloat64(this.#skip(8), true);
    }
  }

  #skip(count: number): number {
    const start = this.offset;
    this.offset += count;
    return start;
  }
}

/** Reads one value. @throws RangeError when the bytes end too early */
export function readValue(type: Type, reader: Reader): Value {
  switch (type.kind) {
    case 'product':
      return type.fields.map((field) => readValue(field.type, reader));
    case 'sum': {
      const tag = reader.u8();
      const variant = type.variants[tag];
      if (variant === undefined) throw new RangeError(`A sum of ${type.variants.length} variants has the tag ${tag}.`);
      return { tag, value: readValue(variant.type, reader) };
    }
    case 'array': {
      const count = reader.u32();
      if (isBytes(type)) return reader.bytes(count).slice();
      return Array.from({ length: count }, () => readValue(type.of, reader));
    }
    case 'bool':
      return reader.u8() === 1;
    case 'string':
      return reader.string();
    default:
      return isInteger(type.kind) && isWide(type.kind) ? reader.wide(type.kind) : reader.small(type.kind);
  }
}
