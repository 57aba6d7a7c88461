import { isBytes, isWide, optionOf, rangeOf, specialOf } from './special.ts';
import type { Field, IntegerKind, Type, Value, Variant } from './type.ts';

/** JSON that is no value of the type; says where and what was expected. */
export class Misfit extends Error {}

/** JSON.parse that keeps integers exact: those that a number cannot hold are bigints. @throws SyntaxError */
export function parseExact(text: string): unknown {
  // Long digits are marked as text first: not every browser tells a reviver what was written.
  const marked = text.replace(stringOrLongInteger, (token) =>
    token.startsWith('"') ? token : `"${escapedMark}${token}"`,
  );
  return JSON.parse(marked, (_, value) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** Nothing that people write begins with it. */
const mark = '\u0001exact:';
const escapedMark = JSON.stringify(mark).slice(1, -1);
const stringOrLongInteger = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** A value from SATS-JSON, with or without names. @throws Misfit */
export function valueOfJson(type: Type, json: unknown, path = ''): Value {
  switch (type.kind) {
    case 'product':
      return productOfJson(type, json, path);
    case 'sum':
      return sumOfJson(type, json, path);
    case 'array':
      if (isBytes(type) && typeof json === 'string') return bytesOfHex(json, path);
      if (!Array.isArray(json)) throw misfit(path, 'a list', json);
      if (isBytes(type)) return Uint8Array.from(json as number[]);
      return json.map((item, at) => valueOfJson(type.of, item, `${path}[${at}]`));
    case 'bool':
      if (typeof json === 'boolean') return json;
      throw misfit(path, 'true or false', json);
    case 'string':
      if (typeof json === 'string') return json;
      throw misfit(path, 'text', json);
    case 'f32':
    case 'f64':
      if (json === null) return Number.NaN;
      if (typeof json === 'number' || typeof json === 'bigint') {
        return type.kind === 'f32' ? Math.fround(Number(json)) : Number(json);
      }
      throw misfit(path, 'a number', json);
    default: {
      const isWhole = typeof json === 'bigint' || Number.isSafeInteger(json);
      const isText = typeof json === 'string' && /^(-?\d+|0x[0-9a-fA-F]+)$/.test(json);
      if (!isWhole && !isText) throw misfit(path, 'a whole number', json);
      return integerOf(type.kind as IntegerKind, BigInt(json as string | number | bigint), path);
    }
  }
}

function integerOf(kind: IntegerKind, value: bigint, path: string): Value {
  const { min, max } = rangeOf(kind);
  if (value < min || value > max) throw misfit(path, `${min} to ${max}`, value);
  return isWide(kind) ? value : Number(value);
}

function productOfJson(type: Extract<Type, { kind: 'product' }>, json: unknown, path: string): Value {
  const { fields } = type;
  const [only] = fields;
  if (specialOf(type) !== undefined && only !== undefined) {
    const inner = isRecord(json) ? json[only.name] : Array.isArray(json) ? json[0] : json;
    const isBareHex = typeof inner === 'string' && /^[0-9a-fA-F]{64}$/.test(inner);
    return [valueOfJson(only.type, isBareHex ? `0x${inner}` : inner, path)];
  }
  if (Array.isArray(json)) {
    if (json.length !== fields.length) throw misfit(path, `${fields.length} values`, json);
    return fields.map((field, at) => valueOfJson(field.type, json[at], below(path, field.name)));
  }
  if (!isRecord(json)) throw misfit(path, `an object with ${names(fields)}`, json);
  for (const name of Object.keys(json)) {
    if (!fields.some((field) => field.name === name)) throw new Misfit(`${path || 'The value'} has no field ${name}.`);
  }
  return fields.map((field) => {
    const inner = Object.hasOwn(json, field.name) ? json[field.name] : optionOf(field.type) ? null : undefined;
    if (inner === undefined) throw new Misfit(`${below(path, field.name)} is missing.`);
    return valueOfJson(field.type, inner, below(path, field.name));
  });
}

function sumOfJson(type: Extract<Type, { kind: 'sum' }>, json: unknown, path: string): Variant {
  const option = optionOf(type);
  if (option !== undefined && json === null) return { tag: 1, value: [] };
  if (Array.isArray(json) && json.length === 2 && typeof json[0] === 'number') return variantOf(json[0], json[1]);
  if (isRecord(json)) {
    const [name, payload] = Object.entries(json)[0] ?? ['', undefined];
    const tag = type.variants.findIndex((variant) => variant.name === name);
    if (tag >= 0) return variantOf(tag, payload);
  }
  if (option !== undefined) return { tag: 0, value: valueOfJson(option, json, path) };
  throw misfit(path, `one of ${names(type.variants)}`, json);

  function variantOf(tag: number, payload: unknown): Variant {
    const variant = type.kind === 'sum' ? type.variants[tag] : undefined;
    if (variant === undefined) throw misfit(path, `one of ${names(type.kind === 'sum' ? type.variants : [])}`, json);
    return { tag, value: valueOfJson(variant.type, payload, below(path, variant.name)) };
  }
}

/** The SATS-JSON text of a value, with names, as calls take it; integers are written as exact digits. */
export function jsonText(type: Type, value: Value, indent = ''): string {
  const inner = `${indent}  `;
  switch (type.kind) {
    case 'product': {
      const values = value as readonly Value[];
      if (type.fields.length === 0) return '[]';
      const special = specialOf(type);
      if (special === 'identity')
        return `{"__identity__": "0x${(values[0] as bigint).toString(16).padStart(64, '0')}"}`;
      const fields = type.fields.map(
        (field, at) => `${JSON.stringify(field.name)}: ${jsonText(field.type, values[at] as Value, inner)}`,
      );
      return special === undefined ? block('{', fields, '}', indent) : `{${fields[0]}}`;
    }
    case 'sum': {
      const { tag, value: payload } = value as Variant;
      const variant = type.variants[tag] as Field;
      return `{${JSON.stringify(variant.name)}: ${jsonText(variant.type, payload, indent)}}`;
    }
    case 'array':
      if (value instanceof Uint8Array) return `"${hexOf(value)}"`;
      return block(
        '[',
        (value as readonly Value[]).map((item) => jsonText(type.of, item, inner)),
        ']',
        indent,
      );
    case 'string':
      return JSON.stringify(value);
    case 'f32':
    case 'f64':
      if (Object.is(value, -0)) return '-0.0';
      return Number.isFinite(value) ? String(value) : 'null';
    default:
      return String(value);
  }
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function block(open: string, parts: readonly string[], close: string, indent: string): string {
  const short = `${open}${parts.join(', ')}${close}`;
  if (short.length <= 72 && !short.includes('\n')) return short;
  return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`;
}

function bytesOfHex(text: string, path: string): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw misfit(path, 'pairs of hex digits', text);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function names(fields: readonly Field[]): string {
  return fields.map((field) => field.name).join(', ');
}

function misfit(path: string, expected: string, json: unknown): Misfit {
  const seen = typeof json === 'bigint' ? String(json) : (JSON.stringify(json) ?? 'nothing');
  return new Misfit(`${path || 'The value'} is ${seen.slice(0, 60)}, expected ${expected}.`);
}
