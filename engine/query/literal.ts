import { isBytes, specialOf } from '../bsatn/special.ts';
import type { IntegerKind, Type } from '../bsatn/type.ts';
import { Writer } from '../bsatn/writer.ts';
import type { Literal, LiteralOperand } from './ast.ts';
import { QueryRejection } from './rejection.ts';
import { parseTimestamp } from './timestamp.ts';
import { comparableKind, typeName } from './value.ts';

/**
 * A literal as the BSATN of `type`.
 * @param sender what `:sender` stands for; undefined where there is no caller
 * @throws QueryRejection `type` when the literal is no value of the type
 */
export function encodeLiteral(operand: LiteralOperand, type: Type, sender: bigint | undefined): Uint8Array {
  const { literal } = operand;
  const bytes = literal.kind === 'sender' ? encodeSender(type, sender) : encode(literal, type);
  if (bytes !== undefined) return bytes;
  throw new QueryRejection(
    'type',
    `${describe(literal)} at character ${operand.at + 1} is no value of type ${typeName(type)}${expected(type)}`,
  );
}

function encodeSender(type: Type, sender: bigint | undefined): Uint8Array | undefined {
  if (sender === undefined) {
    throw new QueryRejection(
      'unsupported',
      'parameterized SQL is not supported for view materialization yet: use ctx.sender as a value instead of :sender',
    );
  }
  if (specialOf(type) === 'identity') return integer(sender, 'u256');
  return isBytes(type) ? run(hexBytes(sender.toString(16).padStart(64, '0'))) : undefined;
}

function encode(literal: Exclude<Literal, { kind: 'sender' }>, type: Type): Uint8Array | undefined {
  switch (type.kind) {
    case 'bool':
      return literal.kind === 'bool' ? Uint8Array.of(literal.value ? 1 : 0) : undefined;
    case 'string':
      return literal.kind === 'text' ? run(new TextEncoder().encode(literal.value)) : undefined;
    case 'f32':
    case 'f64':
      return float(decimalIn(literal), type.kind);
    case 'product':
      return encodeSpecial(literal, type);
    case 'array': {
      const digits = isBytes(type) ? hexDigits(literal) : undefined;
      return digits === undefined || digits.length % 2 !== 0 ? undefined : run(hexBytes(digits));
    }
    case 'sum':
      return undefined;
    default:
      return integer(wholeNumber(decimalIn(literal)), type.kind);
  }
}

function encodeSpecial(literal: Literal, type: Type): Uint8Array | undefined {
  switch (specialOf(type)) {
    case 'identity':
      return integer(fromHex(literal, 64), 'u256');
    case 'connection-id':
      return integer(fromHex(literal, 32), 'u128');
    case 'uuid':
      return integer(fromHex(withoutHyphens(literal), 32), 'u128');
    case 'timestamp':
      return literal.kind === 'text' ? integer(parseTimestamp(literal.value), 'i64') : undefined;
    default:
      return undefined;
  }
}

function hexDigits(literal: Literal): string | undefined {
  if (literal.kind === 'hex') return literal.digits;
  if (literal.kind !== 'text') return undefined;
  return /^(?:0[xX])?([0-9a-fA-F]*)$/.exec(literal.value)?.[1];
}

function fromHex(literal: Literal, digitCount: number): bigint | undefined {
  const digits = hexDigits(literal);
  return digits?.length === digitCount ? BigInt(`0x${digits}`) : undefined;
}

function withoutHyphens(literal: Literal): Literal {
  const isHyphenated = literal.kind === 'text' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(literal.value);
  return isHyphenated ? { kind: 'text', value: literal.value.replaceAll('-', '') } : literal;
}

/** A number as it is written, also as text: `5` and `'5'`. */
function decimalIn(literal: Literal): string | undefined {
  if (literal.kind === 'number') return literal.text;
  if (literal.kind !== 'text') return undefined;
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.exec(literal.value)?.[0].replace(/^\+/, '');
}

/** The number, if it is whole: `1e3` and `2.0` are. */
function wholeNumber(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0n;
  const shift = Number(exponent) - fraction.length;
  // The widest integers have 78 digits.
  if (digits.length + shift > 80) return undefined;
  if (shift >= 0) return BigInt(sign + digits + '0'.repeat(shift));
  const kept = digits.slice(0, shift);
  return /^0*$/.test(digits.slice(shift)) && kept !== '' ? BigInt(sign + kept) : undefined;
}

function integer(value: bigint | undefined, kind: IntegerKind): Uint8Array | undefined {
  const bits = Number(kind.slice(1));
  if (value === undefined) return undefined;
  if ((kind.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)) !== value) return undefined;
  const bytes = new Uint8Array(bits / 8);
  for (let i = 0, rest = value; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** What is too large for the type is infinite. */
function float(text: string | undefined, kind: 'f32' | 'f64'): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const writer = new Writer(8);
  writer[kind](Number(text));
  return writer.copy();
}

/** A u32 length and the bytes, as strings and byte arrays are written. */
function run(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(4 + bytes.length);
  writer.u32(bytes.length);
  writer.raw(bytes);
  return writer.copy();
}

function hexBytes(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

function describe(literal: Literal): string {
  switch (literal.kind) {
    case 'number':
      return `the number ${literal.text}`;
    case 'text':
      return `the text ${JSON.stringify(literal.value.length > 80 ? `${literal.value.slice(0, 80)}…` : literal.value)}`;
    case 'hex':
      return `0x${literal.digits.slice(0, 80)}`;
    case 'bool':
      return literal.value ? 'TRUE' : 'FALSE';
    case 'sender':
      return ':sender';
  }
}

function expected(type: Type): string {
  switch (specialOf(type)) {
    case 'identity':
      return ': expected 64 hexadecimal digits';
    case 'connection-id':
      return ': expected 32 hexadecimal digits';
    case 'uuid':
      return ': expected a UUID';
    case 'timestamp':
      return ": expected a time such as '2030-01-31T12:00:00Z'";
    default:
      if (isBytes(type)) return ': expected hexadecimal digits';
      return comparableKind(type) === undefined ? ': SQL writes no values of that type, a reducer does' : '';
  }
}
