import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bsatnOfJson, JsonError, parseJson } from './satsjson-read.ts';
import { jsonText, jsonTupleText } from './satsjson-write.ts';
import { identityType, scheduleAtType, timestampType, unitType } from './special.ts';
import { anyType, rowType, typeAndValues, unitEnumType } from './testing/arbitrary.ts';
import type { Type } from './type.ts';
import { encodeValue } from './value.ts';

const person: Type = {
  kind: 'product',
  fields: [
    { name: 'name', type: { kind: 'string' } },
    { name: 'age', type: { kind: 'u8' } },
    {
      name: 'note',
      type: {
        kind: 'sum',
        variants: [
          { name: 'some', type: { kind: 'string' } },
          { name: 'none', type: unitType },
        ],
      },
    },
  ],
};

function hasFloat(type: Type, seen = new Set<Type>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (type.kind === 'array') return hasFloat(type.of, seen);
  if (type.kind === 'product') return type.fields.some((field) => hasFloat(field.type, seen));
  if (type.kind === 'sum') return type.variants.some((variant) => hasFloat(variant.type, seen));
  return type.kind === 'f32' || type.kind === 'f64';
}

describe('SATS-JSON', () => {
  test('[JSON1] what is written as JSON text reads back as the same bytes', () => {
    fc.assert(
      fc.property(
        typeAndValues(
          anyType.filter((type) => !hasFloat(type)),
          3,
        ),
        ({ type, values }) => {
          for (const value of values) {
            const bytes = encodeValue(type, value);
            expect(Buffer.from(bsatnOfJson(type, parseJson(jsonText(type, bytes))))).toEqual(Buffer.from(bytes));
          }
        },
      ),
    );
  });

  test('[JSON1] finite floats read back as themselves', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (double, single) => {
          const type = rowType([{ kind: 'f64' }, { kind: 'f32' }]);
          const bytes = encodeValue(type, [double, single]);
          expect(Buffer.from(bsatnOfJson(type, parseJson(jsonText(type, bytes))))).toEqual(Buffer.from(bytes));
        },
      ),
    );
    expect(jsonText({ kind: 'f32' }, encodeValue({ kind: 'f32' }, Math.fround(0.1)))).toBe('0.1');
    expect(jsonText({ kind: 'f32' }, encodeValue({ kind: 'f32' }, -0))).toBe('-0.0');
  });

  test('[JSON2] wide integers are exact digits, bytes are hex, sums name their variant', () => {
    const text = (type: Type, value: never) => jsonText(type, encodeValue(type, value));
    expect(text({ kind: 'u64' }, (2n ** 64n - 1n) as never)).toBe('18446744073709551615');
    expect(text({ kind: 'i128' }, -(2n ** 127n) as never)).toBe('-170141183460469231731687303715884105728');
    expect(text({ kind: 'array', of: { kind: 'u8' } }, new Uint8Array([1, 255]) as never)).toBe('"01ff"');
    expect(text(unitEnumType, { tag: 1, value: [] } as never)).toBe('{"green":[]}');
    expect(text(identityType, [0xc2n] as never)).toBe(`{"__identity__":"0x${'c2'.padStart(64, '0')}"}`);
    expect(text(scheduleAtType, { tag: 1, value: [7n] } as never)).toBe(
      '{"Time":{"__timestamp_micros_since_unix_epoch__":7}}',
    );
    expect(
      jsonTupleText(
        rowType([{ kind: 'u8' }, timestampType]),
        encodeValue(rowType([{ kind: 'u8' }, timestampType]), [1, [2n]]),
      ),
    ).toBe('[1,[2]]');
    const tuple = (type: Type, value: never) => jsonTupleText(type, encodeValue(type, value));
    expect(tuple(unitEnumType, { tag: 1, value: [] } as never)).toBe('[1,[]]');
    expect(tuple(identityType, [0xc2n] as never)).toBe(`["0x${'c2'.padStart(64, '0')}"]`);
    expect(tuple(person, ['Ann', 7, { tag: 0, value: 'hi' }] as never)).toBe('["Ann",7,[0,"hi"]]');
  });

  test('[JSON3] products by position or by name, options as value, null, absent or tagged, sums by name or index', () => {
    const expected = Buffer.from(encodeValue(person, ['Ann', 7, { tag: 0, value: 'hi' }]));
    for (const json of [
      ['Ann', 7, 'hi'],
      { name: 'Ann', age: '7', note: { some: 'hi' } },
      { name: 'Ann', age: 7, note: 'hi' },
    ]) {
      expect(Buffer.from(bsatnOfJson(person, json))).toEqual(expected);
    }
    const none = Buffer.from(encodeValue(person, ['Ann', 7, { tag: 1, value: [] }]));
    for (const json of [['Ann', 7, null], { name: 'Ann', age: 7 }, ['Ann', 7, { none: [] }]]) {
      expect(Buffer.from(bsatnOfJson(person, json))).toEqual(none);
    }
    for (const json of [{ blue: [] }, { 2: [] }, [2, []], 'blue']) {
      expect([...bsatnOfJson(unitEnumType, json)]).toEqual([2]);
    }
    // As the module's source writes them, when no other is meant.
    expect([...bsatnOfJson(unitEnumType, { Blue: [] })]).toEqual([2]);
    expect([...bsatnOfJson(unitEnumType, 'BLUE')]).toEqual([2]);
    const pair: Type = {
      kind: 'product',
      fields: [
        { name: 'player_1_id', type: { kind: 'u8' } },
        { name: 'one_u_8', type: { kind: 'u8' } },
      ],
    };
    expect([...bsatnOfJson(pair, { oneU8: 2, player1Id: 1 })]).toEqual([1, 2]);
    expect(() => bsatnOfJson(pair, { oneU8: 2, one_u_8: 1, player1Id: 1 })).toThrow('"one_u_8" is given twice');
    const identity = Buffer.from(encodeValue(identityType, [0xabn]));
    const hex = 'ab'.padStart(64, '0');
    for (const json of [{ __identity__: '0xab' }, { __identity__: hex }, [hex], hex, '0xab']) {
      expect(Buffer.from(bsatnOfJson(identityType, json))).toEqual(identity);
    }
    expect([...bsatnOfJson({ kind: 'array', of: { kind: 'u8' } }, [1, 2])]).toEqual([2, 0, 0, 0, 1, 2]);
  });

  test('[JSON4] a refusal names the path, what was expected and what came', () => {
    const people: Type = { kind: 'array', of: person };
    const refusals: [unknown, string][] = [
      [[['Ann', 300, null]], 'args[0].age: 300 does not fit u8'],
      [[['Ann', 1.5, null]], 'args[0].age: expected an integer (u8), but got 1.5'],
      [[['Ann', 1]], 'args[0]: expected 3 fields, but got 2'],
      [[{ name: 'Ann' }], 'args[0]: the field "age" is missing'],
      [[{ name: 'Ann', age: 1, colour: 2 }], 'args[0]: has no field "colour"; its fields are "name", "age", "note"'],
      [{}, 'args: expected an array, but got {}'],
    ];
    for (const [json, message] of refusals) {
      expect(() => bsatnOfJson(people, json, 'args')).toThrow(new JsonError(message));
    }
    expect(() => bsatnOfJson({ kind: 'u64' }, 2 ** 60)).toThrow('send it as a string of digits');
    expect(() => parseJson('{')).toThrow(JsonError);
    // However deep or long what came is.
    const deep = parseJson('['.repeat(100_000) + ']'.repeat(100_000));
    expect(() => bsatnOfJson(people, [deep], 'args')).toThrow(/^args\[0\]: expected 3 fields, but got 1$/);
    expect(() => bsatnOfJson({ kind: 'string' }, deep)).toThrow(/^value: expected a string, but got .{1,60}$/);
    const long = parseJson('1'.repeat(1_000_000));
    expect(() => bsatnOfJson({ kind: 'u8' }, long)).toThrow(/^value: expected an integer \(u8\), but got .{1,60}$/);
    expect(parseJson('["12345678901234567890",12345678901234567890,1e20,-0.1234567890123456]')).toEqual([
      '12345678901234567890',
      '12345678901234567890',
      1e20,
      -0.1234567890123456,
    ]);
    const text = `"\\ 1234567890123456789 ${'x"'.repeat(5_000_000)}`;
    expect(parseJson(JSON.stringify({ text, after: [text] }))).toEqual({ text, after: [text] });
  });
});
