const encoder = new TextEncoder();
const loopBytesMax = 128;

/** Writes little-endian values into a buffer that grows. Integers are taken modulo their width: check ranges before. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far. A view: valid until the next write or reset. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written so far. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  /** Forgets what was written behind the first `length` bytes. */
  cut(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** Reserves `size` bytes to be filled in later and returns where they start. */
  skip(size: number): number {
    const at = this.#grow(size);
    this.#bytes.fill(0, at, at + size);
    return at;
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  i8(value: number): void {
    this.u8(value);
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
  }

  i16(value: number): void {
    const at = this.#grow(2);
    this.#view.setInt16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  i32(value: number): void {
    const at = this.#grow(4);
    this.#view.setInt32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
  }

  i64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, true);
  }

  u128(value: bigint): void {
    const at = this.#grow(16);
    this.#view.setBigUint64(at, value, true);
    this.#view.setBigUint64(at + 8, value >> 64n, true);
  }

  i128(value: bigint): void {
    this.u128(value);
  }

  u256(value: bigint): void {
    this.u128(value);
    this.u128(value >> 128n);
  }

  i256(value: bigint): void {
    this.u256(value);
  }

  f32(value: number): void {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, true);
  }

  f64(value: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, true);
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** UTF-8; a lone surrogate becomes U+FFFD. */
  string(value: string): void {
    const at = this.#grow(4 + value.length * 3);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(at + 4));
    this.#view.setUint32(at, written, true);
    this.#length = at + 4 + written;
  }

  byteArray(value: Uint8Array): void {
    this.u32(value.length);
    this.raw(value);
  }

  /** `bytes[start, start + length)` as an array. */
  byteArrayOf(bytes: Uint8Array, start: number, length: number): void {
    const at = this.#grow(4 + length) + 4;
    this.#view.setUint32(at - 4, length, true);
    // Of so few bytes a loop is quicker than a view.
    if (length > loopBytesMax) this.#bytes.set(bytes.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) this.#bytes[at + i] = bytes[start + i] as number;
  }

  raw(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setBytes(at: number, value: Uint8Array): void {
    this.#bytes.set(value, at);
  }

  /** Makes room, which may replace `#bytes` and `#view`: read them only afterwards. */
  #grow(size: number): number {
    const at = this.#length;
    const needed = at + size;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}
