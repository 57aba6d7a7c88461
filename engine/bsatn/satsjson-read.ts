import { Rejection } from '../errors.ts';
import { isInRange, isInteger, isWide } from './integer.ts';
import { nestingMax } from './shape.ts';
import { isBytes, optionOf, specialOf } from './special.ts';
import type { ArrayType, Field, IntegerKind, ProductType, ScalarKind, SumType, Type } from './type.ts';
import { Writer } from './writer.ts';

/** JSON that is not a value of the expected type. The message names the path of the value that was refused. */
export class JsonError extends Rejection {
  constructor(message: string) {
    super('json', message);
  }
}

/**
 * The BSATN of a SATS-JSON value as `JSON.parse` gave it. Products are arrays by position or objects by field name; sums
 * are `{"variant": payload}`, `{"index": payload}` or `[tag, payload]`; an option may also be null or the bare payload;
 * integers may be strings of digits, which is the only exact form beyond 2^53; byte arrays are lists or hex.
 * `root` names the value in messages.
 * @throws JsonError
 */
export function bsatnOfJson(type: Type, json: unknown, root = 'value'): Uint8Array {
  const writer = new Writer();
  read(type, json, writer, root, 0);
  return writer.copy();
}

/**
 * JSON.parse that keeps integers of more than 15 digits exact, as strings of digits, which is what `bsatnOfJson` takes.
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(withQuotedIntegers(text));
  } catch (cause) {
    throw new JsonError(`the text is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

const longInteger = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;
const quote = 0x22;
const backslash = 0x5c;

/** One expression for strings and integers would use up the stack on a long string. */
function withQuotedIntegers(text: string): string {
  let quoted = '';
  let copiedTo = 0;
  let readTo = 0;
  let isInString = false;
  for (const { 0: integer, index } of text.matchAll(longInteger)) {
    for (; readTo < index; readTo++) {
      const character = text.charCodeAt(readTo);
      if (character === quote) isInString = !isInString;
      else if (character === backslash) readTo += 1;
    }
    if (isInString) continue;
    quoted += `${text.slice(copiedTo, index)}"${integer}"`;
    copiedTo = index + integer.length;
  }
  return quoted + text.slice(copiedTo);
}

function read(type: Type, json: unknown, writer: Writer, path: string, depth: number): void {
  if (depth > nestingMax) throw new JsonError(`${path}: nested more than ${nestingMax} levels deep`);
  switch (type.kind) {
    case 'product':
      readProduct(type, json, writer, path, depth);
      break;
    case 'sum':
      readSum(type, json, writer, path, depth);
      break;
    case 'array':
      readArray(type, json, writer, path, depth);
      break;
    default:
      readScalar(type.kind, json, writer, path);
  }
}

function readArray(type: ArrayType, json: unknown, writer: Writer, path: string, depth: number): void {
  if (isBytes(type) && typeof json === 'string') {
    writer.byteArray(hexBytes(json, path));
    return;
  }
  if (!Array.isArray(json)) throw mismatch(path, isBytes(type) ? 'hex digits or an array of bytes' : 'an array', json);
  writer.u32(json.length);
  for (const [i, element] of json.entries()) read(type.of, element, writer, `${path}[${i}]`, depth + 1);
}

function readProduct(type: ProductType, json: unknown, writer: Writer, path: string, depth: number): void {
  const { fields } = type;
  if (specialOf(type) === 'identity') {
    writer.u256(identityOf(json, path));
    return;
  }
  if (Array.isArray(json)) {
    if (json.length !== fields.length) {
      throw new JsonError(`${path}: expected ${fields.length} fields, but got ${json.length}`);
    }
    for (const [i, field] of fields.entries())
      read(field.type, json[i], writer, fieldPath(path, field.name, i), depth + 1);
    return;
  }
  if (isRecord(json)) {
    const given = new Map<number, unknown>();
    for (const [name, value] of Object.entries(json)) {
      const at = positionOf(fields, name);
      if (at < 0) {
        throw new JsonError(`${path}: has no field ${JSON.stringify(name)}; its fields are ${nameList(fields)}`);
      }
      if (given.has(at)) throw new JsonError(`${path}: the field ${JSON.stringify(fields[at]?.name)} is given twice`);
      given.set(at, value);
    }
    for (const [i, field] of fields.entries()) {
      if (!given.has(i) && optionOf(field.type) === undefined) {
        throw new JsonError(`${path}: the field ${JSON.stringify(field.name)} is missing`);
      }
      read(field.type, given.get(i) ?? null, writer, fieldPath(path, field.name, i), depth + 1);
    }
    return;
  }
  const [only] = fields;
  // What wraps a single value, such as an Identity, may be given as that value.
  if (fields.length === 1 && only !== undefined && only.name.startsWith('__')) {
    read(only.type, json, writer, path, depth + 1);
    return;
  }
  throw mismatch(path, `an object with ${nameList(fields)}, or an array in that order`, json);
}

const identityField = '__identity__';

/** Also takes the 64 hex digits without `0x` that identities have everywhere else. */
function identityOf(json: unknown, path: string): bigint {
  const inner = Array.isArray(json) && json.length === 1 ? json[0] : isRecord(json) ? json[identityField] : json;
  if (typeof inner === 'string' && /^[0-9a-fA-F]{64}$/.test(inner)) return BigInt(`0x${inner}`);
  return integerOf('u256', inner, path);
}

function readSum(type: SumType, json: unknown, writer: Writer, path: string, depth: number): void {
  const tagged = taggedOf(type, json);
  if (tagged !== undefined) {
    const variant = type.variants[tagged.tag];
    if (variant === undefined) throw mismatch(path, `a variant below ${type.variants.length}`, tagged.tag);
    writer.u8(tagged.tag);
    read(variant.type, tagged.payload, writer, fieldPath(path, variant.name, tagged.tag), depth + 1);
    return;
  }
  const some = optionOf(type);
  if (some === undefined) throw mismatch(path, `an object with one of ${nameList(type.variants)}`, json);
  if (json === null || json === undefined) {
    writer.u8(1);
  } else {
    writer.u8(0);
    read(some, json, writer, path, depth + 1);
  }
}

function taggedOf(type: SumType, json: unknown): { readonly tag: number; readonly payload: unknown } | undefined {
  if (typeof json === 'string') {
    const tag = positionOf(type.variants, json);
    const of = type.variants[tag]?.type;
    const isUnit = of?.kind === 'product' && of.fields.length === 0;
    return !isUnit || optionOf(type) !== undefined ? undefined : { tag, payload: [] };
  }
  if (Array.isArray(json)) {
    const isTagged = json.length === 2 && Number.isInteger(json[0]) && optionOf(type) === undefined;
    return isTagged ? { tag: Number(json[0]), payload: json[1] } : undefined;
  }
  if (!isRecord(json)) return undefined;
  const [name, ...more] = Object.keys(json);
  if (name === undefined || more.length > 0) return undefined;
  const named = positionOf(type.variants, name);
  if (named >= 0) return { tag: named, payload: json[name] };
  return /^\d{1,3}$/.test(name) ? { tag: Number(name), payload: json[name] } : undefined;
}

/** Names in another case, such as those of the module's source, are found when no other is meant. */
function positionOf(fields: readonly Field[], name: string): number {
  const exact = fields.findIndex((field) => field.name === name);
  if (exact >= 0) return exact;
  const alike = fields.filter((field) => caseless(field.name) === caseless(name));
  const [only] = alike;
  return alike.length === 1 && only !== undefined ? fields.indexOf(only) : -1;
}

function caseless(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function readScalar(kind: ScalarKind, json: unknown, writer: Writer, path: string): void {
  if (isInteger(kind)) {
    const value = integerOf(kind, json, path);
    if (isWide(kind)) writer[kind](value);
    else writer[kind](Number(value));
  } else if (kind === 'bool') {
    if (typeof json !== 'boolean') throw mismatch(path, 'true or false', json);
    writer.bool(json);
  } else if (kind === 'string') {
    if (typeof json !== 'string') throw mismatch(path, 'a string', json);
    writer.string(json);
  } else {
    const value = json === null ? Number.NaN : typeof json === 'string' && json.trim() !== '' ? Number(json) : json;
    if (typeof value !== 'number') throw mismatch(path, `a number (${kind})`, json);
    writer[kind](value);
  }
}

/** Digits of the widest integers, with room for leading zeros: reading millions of digits takes long. */
const integerCharsMax = 200;

function integerOf(kind: IntegerKind, json: unknown, path: string): bigint {
  if (typeof json === 'bigint') return checked(kind, json, path);
  if (typeof json === 'string' && json.length > integerCharsMax) throw mismatch(path, `an integer (${kind})`, json);
  if (typeof json === 'string' && /^(-?\d+|0x[0-9a-fA-F]+)$/.test(json)) return checked(kind, BigInt(json), path);
  if (typeof json !== 'number' || !Number.isInteger(json)) throw mismatch(path, `an integer (${kind})`, json);
  if (!Number.isSafeInteger(json)) {
    throw new JsonError(`${path}: ${json} is beyond 2^53 and may have lost digits; send it as a string of digits`);
  }
  return checked(kind, BigInt(json), path);
}

function checked(kind: IntegerKind, value: bigint, path: string): bigint {
  if (!isInRange(kind, value)) throw new JsonError(`${path}: ${value} does not fit ${kind}`);
  return value;
}

function hexBytes(text: string, path: string): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits))
    throw mismatch(path, 'an even number of hex digits', text);
  return Buffer.from(digits, 'hex');
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function fieldPath(path: string, name: string, index: number): string {
  return name === '' ? `${path}.${index}` : `${path}.${name}`;
}

function nameList(fields: readonly { readonly name: string }[]): string {
  return fields.map((field) => JSON.stringify(field.name)).join(', ') || 'no fields';
}

function mismatch(path: string, expected: string, json: unknown): JsonError {
  return new JsonError(`${path}: expected ${expected}, but got ${describe(json)}`);
}

function describe(json: unknown): string {
  if (json === undefined) return 'nothing';
  return JSON.stringify(outline(json, 0)).slice(0, 60);
}

/** Enough of a value to be recognised, however large or deep it is. */
function outline(json: unknown, depth: number): unknown {
  if (typeof json === 'string') return json.slice(0, 60);
  if (typeof json !== 'object' || json === null) return json;
  if (depth === 8) return '…';
  if (Array.isArray(json)) return json.slice(0, 30).map((element) => outline(element, depth + 1));
  const fields = Object.entries(json).slice(0, 10);
  return Object.fromEntries(fields.map(([name, value]) => [name, outline(value, depth + 1)]));
}
