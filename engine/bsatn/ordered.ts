import { bytesOf, isInteger, isSigned } from './integer.ts';
import { u32At } from './shape.ts';
import type { Type } from './type.ts';

/**
 * Turns BSATN values into bytes that compare, byte by byte, as the values do, and of which none is a prefix of another
 * of the same type. The result is read as a latin1 string, since JavaScript compares strings much faster than bytes.
 */
export class OrderedWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  reset(): void {
    this.#length = 0;
  }

  text(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  /** Appends the validated value that starts at `offset` and returns where it ends. */
  value(type: Type, bytes: Uint8Array, offset: number): number {
    switch (type.kind) {
      case 'product': {
        let at = offset;
        for (const field of type.fields) at = this.value(field.type, bytes, at);
        return at;
      }
      case 'sum': {
        const tag = bytes[offset] as number;
        this.#push(tag);
        return this.value((type.variants[tag] as { readonly type: Type }).type, bytes, offset + 1);
      }
      case 'array':
        return type.of.kind === 'u8' ? this.#escaped(bytes, offset) : this.#elements(type.of, bytes, offset);
      case 'string':
        return this.#escaped(bytes, offset);
      case 'f32':
      case 'f64':
        return this.#float(bytes, offset, bytesOf(type.kind));
      default:
        return this.#integer(bytes, offset, bytesOf(type.kind), isInteger(type.kind) && isSigned(type.kind));
    }
  }

  /** Big-endian; a flipped sign bit puts negative numbers first. */
  #integer(bytes: Uint8Array, offset: number, size: number, signed: boolean): number {
    const at = this.#grow(size);
    for (let i = 0; i < size; i++) this.#bytes[at + i] = bytes[offset + size - 1 - i] as number;
    if (signed) this.#bytes[at] = (this.#bytes[at] as number) ^ 0x80;
    return offset + size;
  }

  /** IEEE total order: all bits of negative numbers are flipped, else only the sign. */
  #float(bytes: Uint8Array, offset: number, size: number): number {
    const isNegative = ((bytes[offset + size - 1] as number) & 0x80) !== 0;
    const at = this.#grow(size);
    for (let i = 0; i < size; i++) {
      const byte = bytes[offset + size - 1 - i] as number;
      this.#bytes[at + i] = isNegative ? ~byte : i === 0 ? byte ^ 0x80 : byte;
    }
    return offset + size;
  }

  /** 00 becomes 00 FF, and 00 00 ends the run: a shorter run sorts before every longer one that it starts. */
  #escaped(bytes: Uint8Array, offset: number): number {
    const start = offset + 4;
    const end = start + u32At(bytes, offset);
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      this.#push(byte);
      if (byte === 0) this.#push(0xff);
    }
    this.#push(0);
    this.#push(0);
    return end;
  }

  /** 01 precedes each element, 00 ends the array. */
  #elements(of: Type, bytes: Uint8Array, offset: number): number {
    const count = u32At(bytes, offset);
    let at = offset + 4;
    for (let i = 0; i < count; i++) {
      this.#push(1);
      at = this.value(of, bytes, at);
    }
    this.#push(0);
    return at;
  }

  #push(byte: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = byte;
  }

  #grow(size: number): number {
    const at = this.#length;
    this.#length = at + size;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    return at;
  }
}
