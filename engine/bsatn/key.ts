import { DecodeError, endsLate } from './error.ts';
import { type Layout, layoutOf } from './layout.ts';
import { OrderedWriter } from './ordered.ts';
import { u32At } from './shape.ts';
import { isBytes, isUnitEnum } from './special.ts';
import type { Type } from './type.ts';

/**
 * One index key. Equal keys are equal as Map keys, and `compareKeys` orders the keys of one codec as their values.
 * Numbers are canonical: a bigint is only ever an integer that a number cannot hold exactly.
 */
export type Key = number | bigint | string;

export function compareKeys(a: Key, b: Key): number {
  // Keys of one codec are all strings or all numeric, and `<` compares a number with a bigint by value.
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

export interface KeyRange {
  /** undefined: from the first key. */
  readonly lower: Key | undefined;
  readonly lowerInclusive: boolean;
  /** undefined: to the last key. */
  readonly upper: Key | undefined;
  readonly upperInclusive: boolean;
}

/** A bound over one column; `value` is the BSATN of that column's value. */
export type KeyBound =
  | { readonly kind: 'included' | 'excluded'; readonly value: Uint8Array }
  | { readonly kind: 'unbounded' };

export interface KeyCodec {
  /** The key of the validated row that starts at `offset`. */
  fromRow(bytes: Uint8Array, offset: number): Key;
  /** The key whose columns' BSATN, in index order, is exactly `bytes`. @throws DecodeError */
  fromBsatn(bytes: Uint8Array): Key;
  /**
   * The keys under a prefix of the first `prefixColumns` columns and two bounds over the column after it; the columns
   * after that one are free. @throws DecodeError
   */
  range(prefix: Uint8Array, prefixColumns: number, start: KeyBound, end: KeyBound): KeyRange;
}

/** Keys over `columns` of the rows of `layout`. */
export function compileKey(layout: Layout, columns: readonly number[]): KeyCodec {
  const types = columns.map((column) => (layout.type.fields[column] as { readonly type: Type }).type);
  const [only] = columns;
  return columns.length === 1 && only !== undefined
    ? new SingleKeyCodec(layout, only, types[0] as Type)
    : new CompoundKeyCodec(layout, columns, types);
}

/** Later than every key that starts with `prefix`: key characters are bytes. */
function after(prefix: string): string {
  return `${prefix}\uffff`;
}

const ordered = new OrderedWriter();

class SingleKeyCodec implements KeyCodec {
  readonly #layout: Layout;
  readonly #column: number;
  readonly #fixedOffset: number;
  readonly #read: (bytes: Uint8Array, offset: number) => Key;

  constructor(layout: Layout, column: number, type: Type) {
    this.#layout = layout;
    this.#column = column;
    this.#fixedOffset = layout.fixedOffset(column);
    this.#read = keyReaderOf(type);
  }

  fromRow(bytes: Uint8Array, offset: number): Key {
    const at =
      this.#fixedOffset >= 0 ? offset + this.#fixedOffset : this.#layout.columnStart(bytes, offset, this.#column);
    return this.#read(bytes, at);
  }

  fromBsatn(bytes: Uint8Array): Key {
    const end = this.#layout.valueEnd(bytes, 0, bytes.length, this.#column);
    if (end !== bytes.length) throw endsLate(end, bytes.length);
    return this.#read(bytes, 0);
  }

  range(prefix: Uint8Array, prefixColumns: number, start: KeyBound, end: KeyBound): KeyRange {
    checkPrefix(prefixColumns, 1);
    if (prefix.length > 0) throw endsLate(0, prefix.length);
    return {
      lower: start.kind === 'unbounded' ? undefined : this.fromBsatn(start.value),
      lowerInclusive: start.kind !== 'excluded',
      upper: end.kind === 'unbounded' ? undefined : this.fromBsatn(end.value),
      upperInclusive: end.kind !== 'excluded',
    };
  }
}

class CompoundKeyCodec implements KeyCodec {
  readonly #layout: Layout;
  readonly #columns: readonly number[];
  readonly #types: readonly Type[];
  readonly #key: Layout;

  constructor(layout: Layout, columns: readonly number[], types: readonly Type[]) {
    this.#layout = layout;
    this.#columns = columns;
    this.#types = types;
    this.#key = layoutOf({ kind: 'product', fields: types.map((type) => ({ name: '', type })) });
  }

  fromRow(bytes: Uint8Array, offset: number): Key {
    ordered.reset();
    for (let i = 0; i < this.#columns.length; i++) {
      const at = this.#layout.columnStart(bytes, offset, this.#columns[i] as number);
      ordered.value(this.#types[i] as Type, bytes, at);
    }
    return ordered.text();
  }

  fromBsatn(bytes: Uint8Array): Key {
    this.#key.check(bytes);
    return this.#text(bytes, 0, this.#columns.length);
  }

  range(prefix: Uint8Array, prefixColumns: number, start: KeyBound, end: KeyBound): KeyRange {
    checkPrefix(prefixColumns, this.#columns.length);
    const prefixEnd = this.#key.prefixEnd(prefix, 0, prefix.length, prefixColumns);
    if (prefixEnd !== prefix.length) throw endsLate(prefixEnd, prefix.length);
    const head = this.#text(prefix, 0, prefixColumns);
    const bound = (value: Uint8Array) => head + this.#boundText(value, prefixColumns);
    let lower: string | undefined = head === '' ? undefined : head;
    if (start.kind === 'included') lower = bound(start.value);
    else if (start.kind === 'excluded') lower = after(bound(start.value));
    let upper: string | undefined = head === '' ? undefined : after(head);
    if (end.kind === 'included') upper = after(bound(end.value));
    else if (end.kind === 'excluded') upper = bound(end.value);
    return {
      lower,
      lowerInclusive: true,
      upper,
      upperInclusive: false,
    };
  }

  #boundText(value: Uint8Array, position: number): string {
    const end = this.#key.valueEnd(value, 0, value.length, position);
    if (end !== value.length) throw endsLate(end, value.length);
    return this.#text(value, position, position + 1);
  }

  /** The concatenated values of the key's columns `[from, to)`. */
  #text(bytes: Uint8Array, from: number, to: number): string {
    ordered.reset();
    let at = 0;
    for (let i = from; i < to; i++) at = ordered.value(this.#types[i] as Type, bytes, at);
    return ordered.text();
  }
}

function checkPrefix(prefixColumns: number, columnCount: number): void {
  if (prefixColumns >= columnCount) {
    throw new DecodeError(
      `a prefix of ${prefixColumns} columns leaves no column to bound in an index of ${columnCount}`,
      0,
    );
  }
}

/** How to read the key of one value: as a number where the type allows it, else as text that orders as the values do. */
function keyReaderOf(type: Type): (bytes: Uint8Array, offset: number) => Key {
  const [field, ...others] = type.kind === 'product' ? type.fields : [];
  if (field !== undefined && others.length === 0) return keyReaderOf(field.type);
  if (isUnitEnum(type)) return readU8;
  if (isBytes(type)) return readRun;
  switch (type.kind) {
    case 'bool':
    case 'u8':
      return readU8;
    case 'i8':
      return (bytes, offset) => (readU8(bytes, offset) << 24) >> 24;
    case 'u16':
      return readU16;
    case 'i16':
      return (bytes, offset) => (readU16(bytes, offset) << 16) >> 16;
    case 'u32':
      return u32At;
    case 'i32':
      return (bytes, offset) => u32At(bytes, offset) | 0;
    case 'u64':
      return readU64;
    case 'i64':
      return readI64;
    case 'f32':
      return readF32;
    case 'string':
      return readRun;
    default:
      return (bytes, offset) => {
        ordered.reset();
        ordered.value(type, bytes, offset);
        return ordered.text();
      };
  }
}

function readU8(bytes: Uint8Array, offset: number): number {
  return bytes[offset] as number;
}

function readU16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
}

function readU64(bytes: Uint8Array, offset: number): Key {
  return joined(u32At(bytes, offset), u32At(bytes, offset + 4));
}

function readI64(bytes: Uint8Array, offset: number): Key {
  return joined(u32At(bytes, offset), u32At(bytes, offset + 4) | 0);
}

function joined(low: number, high: number): Key {
  const value = high * 0x1_0000_0000 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

/** The bits in IEEE total order, as a u32: as a JavaScript number, -0 and 0 would be one Map key. */
function readF32(bytes: Uint8Array, offset: number): number {
  const bits = u32At(bytes, offset);
  return (bits & 0x8000_0000) !== 0 ? ~bits >>> 0 : (bits | 0x8000_0000) >>> 0;
}

/** The bytes of a string or byte array as latin1, which orders as the bytes do. */
function readRun(bytes: Uint8Array, offset: number): string {
  const start = offset + 4;
  return latin1(bytes, start, start + u32At(bytes, offset));
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1', start, end);
}
