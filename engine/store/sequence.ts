import { bytesOf, isInteger, isSigned } from '../bsatn/integer.ts';
import type { ProductType } from '../bsatn/type.ts';
import { assert } from '../errors.ts';
import type { SequenceDef } from './definition.ts';

/** Hands out the values of one sequence. */
export class Sequence {
  readonly def: SequenceDef;
  /** Bytes of the column. */
  readonly size: number;
  readonly #isSigned: boolean;
  #next: bigint;
  /** The same value while it and the one after it are small and positive: bigint arithmetic is slow. */
  #small = -1;
  readonly #smallMax: number;
  readonly #increment: number;
  /** Whether it has given a value that no commit has shown. */
  #isAhead = false;

  constructor(def: SequenceDef, row: ProductType) {
    const kind = row.fields[def.column]?.type.kind;
    assert(kind !== undefined && isInteger(kind), `a sequence fills column ${def.column}, which is no integer`);
    assert(def.increment !== 0n, 'a sequence of increment 0 gives one value for ever');
    this.def = def;
    this.size = bytesOf(kind);
    this.#isSigned = isSigned(kind);
    this.#next = def.start;
    this.#increment = Number(def.increment);
    this.#smallMax = Number(def.max < BigInt(Number.MAX_SAFE_INTEGER) ? def.max : BigInt(Number.MAX_SAFE_INTEGER));
    this.next = def.start;
  }

  /** The value that `take` gives next. */
  get next(): bigint {
    return this.#small >= 0 ? BigInt(this.#small) : this.#next;
  }

  set next(value: bigint) {
    this.#next = value;
    this.#small = this.def.increment > 0n && value >= 0n && value <= BigInt(this.#smallMax) ? Number(value) : -1;
  }

  isZero(page: Uint8Array, at: number): boolean {
    for (let i = 0; i < this.size; i++) {
      if (page[at + i] !== 0) return false;
    }
    return true;
  }

  /** Writes the next value at `at` and moves on. */
  take(page: Uint8Array, at: number): void {
    this.#isAhead = true;
    const value = this.#small;
    if (value >= 0) {
      writeSmall(page, at, this.size, value);
      const after = value + this.#increment;
      if (after <= this.#smallMax) this.#small = after;
      else this.next = this.#after(BigInt(value));
    } else {
      writeBig(page, at, this.size, this.#next);
      this.next = this.#after(this.#next);
    }
  }

  /**
   * Whether it has given a value that a replay of the commit would not skip: `row` is the last one that the commit adds.
   * Asked again before the next value it says no.
   */
  isAheadOf(row: Uint8Array | undefined, columnStart: number): boolean {
    if (!this.#isAhead) return false;
    this.#isAhead = false;
    return row === undefined || this.#after(readBig(row, columnStart, this.size, this.#isSigned)) !== this.next;
  }

  /** Moves past the stored value at `at`, so that it is not given again. Stays where it is when that would wrap. */
  skip(page: Uint8Array, at: number): void {
    const { min, max, increment } = this.def;
    const value = readBig(page, at, this.size, this.#isSigned);
    const isAhead = increment > 0n ? value >= this.next : value <= this.next;
    const after = value + increment;
    if (value >= min && value <= max && isAhead && after >= min && after <= max) this.next = after;
  }

  #after(value: bigint): bigint {
    const { min, max, increment } = this.def;
    const after = value + increment;
    if (after > max) return min;
    return after < min ? max : after;
  }
}

function writeSmall(page: Uint8Array, at: number, size: number, value: number): void {
  let rest = value;
  for (let i = 0; i < size; i++) {
    page[at + i] = rest & 0xff;
    rest = rest < 0x8000_0000 ? rest >>> 8 : Math.floor(rest / 256);
  }
}

function writeBig(page: Uint8Array, at: number, size: number, value: bigint): void {
  let rest = BigInt.asUintN(size * 8, value);
  for (let i = 0; i < size; i++) {
    page[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

function readBig(page: Uint8Array, at: number, size: number, signed: boolean): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(page[at + i] as number);
  return signed ? BigInt.asIntN(size * 8, value) : value;
}
