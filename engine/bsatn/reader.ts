import { checkCount, DecodeError, endsEarly, endsLate } from './error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads little-endian values one after another. Every method throws DecodeError past the end. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly limit: number;
  #view: DataView;
  #offset: number;

  constructor(bytes: Uint8Array, start = 0, limit = bytes.length) {
    this.bytes = bytes;
    this.limit = limit;
    this.#offset = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.limit - this.#offset;
  }

  /** @throws DecodeError when bytes are left over */
  finish(): void {
    if (this.#offset !== this.limit) throw endsLate(this.#offset, this.limit);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1, 'a u8'));
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1, 'an i8'));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2, 'a u16'), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2, 'an i16'), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4, 'a u32'), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4, 'an i32'), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8, 'a u64'), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8, 'an i64'), true);
  }

  u128(): bigint {
    const at = this.#take(16, 'a u128');
    return this.#view.getBigUint64(at, true) | (this.#view.getBigUint64(at + 8, true) << 64n);
  }

  i128(): bigint {
    return BigInt.asIntN(128, this.u128());
  }

  u256(): bigint {
    const low = this.u128();
    return low | (this.u128() << 128n);
  }

  i256(): bigint {
    return BigInt.asIntN(256, this.u256());
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4, 'an f32'), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8, 'an f64'), true);
  }

  bool(): boolean {
    const at = this.#offset;
    const value = this.u8();
    if (value > 1) throw new DecodeError(`a bool is 0 or 1, but byte ${at} is ${value}`, at);
    return value === 1;
  }

  string(): string {
    const at = this.#offset;
    const text = this.byteArray();
    try {
      return utf8.decode(text);
    } catch (cause) {
      throw new DecodeError(`the string at offset ${at} is not UTF-8`, at, { cause });
    }
  }

  /** The u32 length of an array: at most one element a byte left, or `unitCountMax` of elements that take none. */
  count(): number {
    const at = this.#offset;
    const count = this.u32();
    checkCount(count, at, this.remaining);
    return count;
  }

  /** A u32 length and that many bytes. A view: copy it to keep it. */
  byteArray(): Uint8Array {
    return this.raw(this.u32());
  }

  /** The next `length` bytes. A view: copy it to keep it. */
  raw(length: number): Uint8Array {
    const at = this.#take(length, 'a run of bytes');
    // Quicker than `subarray`, of a Buffer most of all.
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length);
  }

  #take(size: number, what: string): number {
    const at = this.#offset;
    if (at + size > this.limit) throw endsEarly(what, at, size, this.limit);
    this.#offset = at + size;
    return at;
  }
}
