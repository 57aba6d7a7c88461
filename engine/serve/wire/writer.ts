const bytesMin = 64 * 1024;
const mask64 = 0xffff_ffff_ffff_ffffn;

/** Writes little-endian values into one buffer that grows and is used again. */
export class Writer {
  #bytes = Buffer.allocUnsafeSlow(bytesMin);
  #view = viewOf(this.#bytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  /** What was written from `start` to `end`: valid until the next write. */
  view(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  i64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  u64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, value, true);
    this.#length += 8;
  }

  u128(value: bigint): void {
    this.u64(value & mask64);
    this.u64(value >> 64n);
  }

  u256(value: bigint): void {
    this.u128(value & ((mask64 << 64n) | mask64));
    this.u128(value >> 128n);
  }

  /** A u32 byte length and UTF-8. */
  string(value: string): void {
    this.#reserve(4 + value.length * 3);
    const start = this.#length + 4;
    const written = this.#bytes.write(value, start, 'utf8');
    this.#bytes.writeUInt32LE(written, this.#length);
    this.#length = start + written;
  }

  /** A u32 count and the bytes. */
  byteArray(value: Uint8Array): void {
    this.u32(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
