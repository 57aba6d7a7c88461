import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, compileKey, type KeyBound } from './key.ts';
import { layoutOf } from './layout.ts';
import { anyType, compareValues, keyType, rowType, typeAndValues, valuesOf } from './testing/arbitrary.ts';
import type { Type } from './type.ts';
import { encodeValue, type Value } from './value.ts';

function keyOf(type: Type, value: Value) {
  return compileKey(layoutOf(rowType([type])), [0]).fromBsatn(encodeValue(type, value));
}

describe('keys', () => {
  test('[KEY1] keys of one column order and equal as its values do', () => {
    fc.assert(
      fc.property(typeAndValues(keyType, 6), ({ type, values }) => {
        for (const a of values) {
          for (const b of values) {
            const [x, y] = [keyOf(type, a), keyOf(type, b)];
            expect(compareKeys(x, y)).toBe(Math.sign(compareValues(type, a, b)));
            expect(new Map([[x, true]]).has(y)).toBe(compareValues(type, a, b) === 0);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('[KEY2] NaN orders by its sign: before everything or after it', () => {
    const type: Type = { kind: 'f64' };
    const codec = compileKey(layoutOf(rowType([type])), [0]);
    const negativeNan = Buffer.from('000000000000f8ff', 'hex');
    const keys = [
      codec.fromBsatn(negativeNan),
      ...[-Infinity, -1, -0, 0, 1, Infinity, Number.NaN].map((v) => keyOf(type, v)),
    ];
    expect([...keys].sort(compareKeys)).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('[KEY3] the key of a row is the key of its columns in index order', () => {
    const rows = fc.array(anyType, { minLength: 1, maxLength: 4 }).chain((types) =>
      fc.record({
        type: fc.constant(rowType(types)),
        value: valuesOf(rowType(types)),
        columns: fc.shuffledSubarray([...types.keys()], { minLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(rows, ({ type, value, columns }) => {
        const codec = compileKey(layoutOf(type), columns);
        const bytes = Buffer.concat([Buffer.alloc(3), encodeValue(type, value)]);
        const parts = columns.map((c) =>
          encodeValue((type.fields[c] as { type: Type }).type, (value as Value[])[c] as Value),
        );
        expect(codec.fromRow(bytes, 3)).toEqual(codec.fromBsatn(Buffer.concat(parts)));
      }),
    );
  });

  test('[KEY4] a range holds exactly the keys under the prefix and between the bounds', () => {
    const cases = fc.array(keyType, { minLength: 1, maxLength: 3 }).chain((types) =>
      fc.record({
        types: fc.constant(types),
        values: fc.array(valuesOf(rowType(types)), { minLength: 2, maxLength: 8 }),
        prefixColumns: fc.nat({ max: types.length - 1 }),
        start: fc.constantFrom('included', 'excluded', 'unbounded'),
        end: fc.constantFrom('included', 'excluded', 'unbounded'),
      }),
    );
    fc.assert(
      fc.property(cases, ({ types, values, prefixColumns, start, end }) => {
        const row = rowType(types);
        const rows = values as Value[][];
        const codec = compileKey(layoutOf(row), [...types.keys()]);
        const bounded = types[prefixColumns] as Type;
        const [first, second] = [rows[0] as Value[], rows[1] as Value[]];
        const prefix = types.slice(0, prefixColumns).map((type, i) => encodeValue(type, first[i] as Value));
        const bound = (kind: string, from: Value[]): KeyBound =>
          kind === 'included' || kind === 'excluded'
            ? { kind, value: encodeValue(bounded, from[prefixColumns] as Value) }
            : { kind: 'unbounded' };
        const range = codec.range(Buffer.concat(prefix), prefixColumns, bound(start, first), bound(end, second));
        for (const value of rows) {
          const key = codec.fromBsatn(encodeValue(row, value));
          const isInRange =
            (range.lower === undefined || compareKeys(key, range.lower) > (range.lowerInclusive ? -1 : 0)) &&
            (range.upper === undefined || compareKeys(key, range.upper) < (range.upperInclusive ? 1 : 0));
          const order = (other: Value[]) =>
            compareValues(bounded, value[prefixColumns] as Value, other[prefixColumns] as Value);
          const isExpected =
            types
              .slice(0, prefixColumns)
              .every((type, i) => compareValues(type, value[i] as Value, first[i] as Value) === 0) &&
            (start === 'unbounded' || order(first) > (start === 'included' ? -1 : 0)) &&
            (end === 'unbounded' || order(second) < (end === 'included' ? 1 : 0));
          expect(isInRange).toBe(isExpected);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('[KEY5] a key or bound that is not exactly the BSATN of its columns is refused', () => {
    const codec = compileKey(layoutOf(rowType([{ kind: 'u32' }, { kind: 'string' }])), [0, 1]);
    const unbounded = { kind: 'unbounded' } as const;
    expect(() => codec.fromBsatn(Buffer.from([1, 0, 0, 0]))).toThrow('end inside');
    expect(() => codec.fromBsatn(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 7]))).toThrow('left over');
    expect(() => codec.range(Buffer.from([1]), 1, unbounded, unbounded)).toThrow('end inside');
    expect(() => codec.range(new Uint8Array(), 0, { kind: 'included', value: Buffer.from([1]) }, unbounded)).toThrow(
      'end inside',
    );
    expect(() => codec.range(new Uint8Array(8), 2, unbounded, unbounded)).toThrow('leaves no column');
    const single = compileKey(layoutOf(rowType([{ kind: 'u32' }])), [0]);
    expect(() => single.range(new Uint8Array(4), 1, unbounded, unbounded)).toThrow('leaves no column');
  });
});
