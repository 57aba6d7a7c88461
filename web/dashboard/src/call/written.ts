import { isBytes, isInteger, isWide, rangeOf, specialOf } from '../sats/special.ts';
import type { Type, Value } from '../sats/type.ts';

/** What may be written, in a few words; empty when that needs no saying. */
export function hintOf(type: Type): string {
  switch (specialOf(type)) {
    case 'identity':
      return '64 hex digits';
    case 'connection-id':
      return '32 hex digits';
    case 'uuid':
      return 'such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    case 'timestamp':
      return 'such as 2026-01-31T12:00:00Z, or microseconds since 1970';
    case 'time-duration':
      return 'such as 1.5 s, 250 ms or 2 h, or microseconds';
    default:
  }
  if (isBytes(type)) return 'pairs of hex digits';
  if (type.kind === 'f32' || type.kind === 'f64') return 'a number, such as 2.5';
  if (!isInteger(type.kind)) return '';
  const { min, max } = rangeOf(type.kind);
  return isWide(type.kind) ? `a whole number of ${type.kind.slice(1)} bits` : `${min} to ${max}`;
}

/** Whether a value of the type is written as one text. */
export function isWritten(type: Type): boolean {
  if (specialOf(type) !== undefined || isBytes(type)) return true;
  return !['product', 'sum', 'array', 'bool'].includes(type.kind);
}

/** The value that a text says. @throws Error with what does not fit, for whoever wrote it */
export function readWritten(type: Type, text: string): Value {
  if (specialOf(type) !== undefined) return [readSpecial(type, text.trim())];
  if (isBytes(type)) return readHex(text.replace(/\s/g, '').replace(/^0x/i, ''));
  return type.kind === 'string' ? text : readNumber(type.kind, text.trim());
}

function readNumber(kind: Type['kind'], text: string): Value {
  if (!isInteger(kind)) {
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
    throw new Error(text === '' ? 'Write a number.' : `${shown(text)} is no number.`);
  }
  const digits = text.replace(/[_\s]/g, '');
  const { min, max } = rangeOf(kind);
  if (!/^[+-]?\d+$/.test(digits)) {
    const wanted = isWide(kind) ? 'Write a whole number.' : `Write a whole number from ${min} to ${max}.`;
    throw new Error(text === '' ? wanted : `${shown(text)} is no whole number. ${wanted}`);
  }
  const value = BigInt(digits.replace('+', ''));
  if (value < min || value > max) throw new Error(`${shown(text)} is out of range: ${min} to ${max}.`);
  return isWide(kind) ? value : Number(value);
}

function readHex(digits: string): Uint8Array {
  if (!/^[0-9a-f]*$/i.test(digits)) throw new Error('Only the hex digits 0 to 9 and a to f fit here.');
  if (digits.length % 2 !== 0) throw new Error(`There are ${digits.length} hex digits: each byte has two.`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function readSpecial(type: Type, text: string): bigint {
  switch (specialOf(type)) {
    case 'identity':
      return readHexNumber(text, 64);
    case 'connection-id':
      return readHexNumber(text, 32);
    case 'uuid':
      return readHexNumber(text.replaceAll('-', ''), 32);
    case 'timestamp':
      return readTimestamp(text);
    default:
      return readDuration(text);
  }
}

function readHexNumber(text: string, digits: number): bigint {
  const hex = text.replace(/^0x/i, '');
  if (/^[0-9a-f]+$/i.test(hex) && hex.length === digits) return BigInt(`0x${hex}`);
  if (text === '') throw new Error(`Write ${digits} hex digits.`);
  throw new Error(
    /^[0-9a-f]*$/i.test(hex)
      ? `There are ${hex.length} hex digits, expected ${digits}.`
      : `Only hex digits fit here: ${digits} of them.`,
  );
}

function readTimestamp(text: string): bigint {
  if (/^-?\d+$/.test(text)) return inRange(BigInt(text));
  const parts = /^(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:?\d\d)?$/i.exec(text);
  const ms = parts === null ? Number.NaN : Date.parse(`${parts[1]?.replace(' ', 'T')}${parts[3] ?? ''}`);
  if (Number.isNaN(ms)) throw new Error(text === '' ? 'Write a time.' : `${shown(text)} is no time.`);
  return inRange(BigInt(ms) * 1000n + BigInt((parts?.[2] ?? '').padEnd(6, '0')));
}

const unitMicros: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: 1000,
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

function readDuration(text: string): bigint {
  if (/^-?\d+$/.test(text)) return inRange(BigInt(text));
  const [, size, unit] = /^(-?\d+(?:\.\d+)?)\s*([a-zµ]+)$/.exec(text) ?? [];
  const micros = unitMicros[unit ?? ''];
  if (size === undefined || micros === undefined) {
    throw new Error(
      text === '' ? 'Write a duration.' : `${shown(text)} is no duration: write such as 1.5 s or 250 ms.`,
    );
  }
  return inRange(BigInt(Math.round(Number(size) * micros)));
}

function inRange(value: bigint): bigint {
  const { min, max } = rangeOf('i64');
  if (value < min || value > max) throw new Error('That is out of range.');
  return value;
}

function shown(text: string): string {
  return text.length > 40 ? `“${text.slice(0, 40)}…”` : `“${text}”`;
}
