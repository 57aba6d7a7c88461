import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bsatnOfJson, parseJson } from '../../engine/bsatn/satsjson-read.ts';
import { jsonText as engineJson, jsonTupleText } from '../../engine/bsatn/satsjson-write.ts';
import { identityType, timeDurationType, timestampType, uuidType } from '../../engine/bsatn/special.ts';
import { anyType, listType, typeAndValues } from '../../engine/bsatn/testing/arbitrary.ts';
import type { ProductType, Type } from '../../engine/bsatn/type.ts';
import { productTypeText } from '../../engine/bsatn/type-json.ts';
import { encodeValue, type Value } from '../../engine/bsatn/value.ts';
import { plainValue } from '../../web/dashboard/src/call/template.ts';
import { readWritten } from '../../web/dashboard/src/call/written.ts';
import { locate } from '../../web/dashboard/src/locate.ts';
import { Reader, readValue } from '../../web/dashboard/src/sats/bsatn.ts';
import { jsonText, parseExact, valueOfJson } from '../../web/dashboard/src/sats/json.ts';
import { timestampText, valueText } from '../../web/dashboard/src/sats/text.ts';
import { Types } from '../../web/dashboard/src/sats/type.ts';

/** Runs a property over values of any type. */
function forAnyValue(check: (type: Type, value: Value, bytes: Uint8Array) => void): void {
  fc.assert(
    fc.property(typeAndValues(anyType, 2), ({ type, values }) => {
      for (const value of values) check(type, value, encodeValue(type, value));
    }),
    { numRuns: 150 },
  );
}

describe("[DASH2] the dashboard's values", () => {
  it('are read from BSATN as the engine wrote them', () => {
    forAnyValue((type, value, bytes) => {
      const reader = new Reader(bytes);
      expect(readValue(type, reader)).toEqual(value);
      expect(reader.isAtEnd).toBe(true);
    });
  });

  it('are read from the rows of SQL, and from JSON with names', () => {
    forAnyValue((type, _, bytes) => {
      // Floats that JSON cannot say are lost on the way, by the engine too.
      const expected = readValue(type, new Reader(bsatnOfJson(type, parseJson(engineJson(type, bytes)))));
      expect(valueOfJson(type, parseExact(jsonTupleText(type, bytes)))).toEqual(expected);
      expect(valueOfJson(type, parseExact(engineJson(type, bytes)))).toEqual(expected);
    });
  });

  it('are written as arguments that the engine reads as the same', () => {
    forAnyValue((type, value, bytes) => {
      const expected = bsatnOfJson(type, parseJson(engineJson(type, bytes)));
      expect(bsatnOfJson(type, parseJson(jsonText(type, value)))).toEqual(expected);
    });
  });

  it('have a text for a cell, whatever they are', () => {
    forAnyValue((type, value) => expect(typeof valueText(type, value)).toBe('string'));
  });

  it('begin as plain ones in a form, which may be sent as they are', () => {
    forAnyValue((type) => expect(() => encodeValue(type, plainValue(type))).not.toThrow());
    expect(plainValue(listType)).toEqual({ tag: 1, value: [] });
  });

  it('are written as times that are read back', () => {
    const years = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
    fc.assert(
      fc.property(years, (at) => {
        expect(readWritten(timestampType, timestampText(at))).toEqual([at]);
      }),
    );
  });

  it('keep every digit of large integers', () => {
    expect(parseExact('[18446744073709551615, "12345678901234567890", 1.5, -9007199254740993]')).toEqual([
      ...[18446744073709551615n, '12345678901234567890', 1.5, -9007199254740993n],
    ]);
  });
});

it('[DASH2] types are read from what the engine says of rows', () => {
  const row: ProductType = {
    kind: 'product',
    fields: [
      { name: 'id', type: { kind: 'u64' } },
      { name: 'owner', type: identityType },
      { name: 'tags', type: { kind: 'array', of: { kind: 'string' } } },
    ],
  };
  expect(new Types().fields(JSON.parse(productTypeText(row)).elements)).toEqual(row.fields);
});

describe('[DASH3] what is written into a form', () => {
  it.each<[Type, string, Value]>([
    [{ kind: 'u8' }, ' 255 ', 255],
    [{ kind: 'i64' }, '-9223372036854775808', -9223372036854775808n],
    [{ kind: 'u64' }, '1_000', 1000n],
    [{ kind: 'f64' }, '2.5e3', 2500],
    [{ kind: 'string' }, ' as it is ', ' as it is '],
    [{ kind: 'array', of: { kind: 'u8' } }, '0x00 ff', Uint8Array.of(0, 255)],
    [identityType, `c200${'0'.repeat(59)}1`, [0xc200n * 16n ** 60n + 1n]],
    [timestampType, '1970-01-01T00:00:01.000001Z', [1_000_001n]],
    [timestampType, '1970-01-01T01:00:00+01:00', [0n]],
    [timestampType, '42', [42n]],
    [timeDurationType, '1.5 s', [1_500_000n]],
    [uuidType, '00000000-0000-0000-0000-0000000000ff', [255n]],
  ])('%o takes %s', (type, text, value) => {
    expect(readWritten(type, text)).toEqual(value);
  });

  it.each<[Type, string, string]>([
    [{ kind: 'u8' }, '256', '“256” is out of range: 0 to 255.'],
    [{ kind: 'u8' }, '', 'Write a whole number from 0 to 255.'],
    [{ kind: 'i32' }, '1.5', '“1.5” is no whole number. Write a whole number from -2147483648 to 2147483647.'],
    [{ kind: 'f32' }, 'tall', '“tall” is no number.'],
    [{ kind: 'array', of: { kind: 'u8' } }, 'abc', 'There are 3 hex digits: each byte has two.'],
    [identityType, 'c2', 'There are 2 hex digits, expected 64.'],
    [timestampType, 'soon', '“soon” is no time.'],
    [timeDurationType, '3 moons', '“3 moons” is no duration: write such as 1.5 s or 250 ms.'],
  ])('%o refuses “%s”', (type, text, message) => {
    expect(() => readWritten(type, text)).toThrow(message);
  });
});

describe('[DASH4] what is wrong with a query is found', () => {
  const at = (message: string, written: string, offset = 0) => {
    const { message: told, span } = locate(message, written, offset);
    return [told, span && written.slice(span.start, span.end)];
  };

  it('by the position that the engine gives, in what was written of the query', () => {
    const sent = 'SELECT * FROM "t" WHERE a = = 2 ORDER BY "a" LIMIT 5';
    const written = 'a = = 2';
    const message = `expected a value, saw "=" at character ${sent.indexOf('= = 2') + 3}, executing: \`${sent}\``;
    expect(at(message, written, sent.indexOf(written))).toEqual(['expected a value, saw "=" at character 5', '=']);
  });

  it('at its end, when more was expected', () => {
    expect(at('expected a value, saw "ORDER" at character 25', 'a = ', 20)).toEqual([
      'expected a value, saw the end',
      '=',
    ]);
    expect(at('expected a table, saw the end of the query', 'SELECT * FROM')[1]).toBe('M');
  });

  it('by the name that the message is about', () => {
    expect(at('no such column: `sensr`; `t` has `a`', 'sensr_2 = 1 AND sensr = 3')[1]).toBe('sensr');
    expect(locate('no such column: `sensr`', 'sensr_2 = 1 AND sensr = 3').span?.start).toBe(16);
    expect(at('too large', 'a = 1')).toEqual(['too large', undefined]);
  });
});
