import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from './error.ts';
import { layoutOf } from './layout.ts';
import { nestingMax } from './shape.ts';
import { unitType } from './special.ts';
import { anyType, listType, rowType, valuesOf } from './testing/arbitrary.ts';
import type { Type } from './type.ts';
import { decodeValue, encodeValue } from './value.ts';
import { Writer } from './writer.ts';

const rowOfAny = fc
  .array(anyType, { maxLength: 5 })
  .chain((types) => fc.record({ type: fc.constant(rowType(types)), value: valuesOf(rowType(types)) }));

describe('layout', () => {
  test('[BSATN1] a value decodes to what was encoded', () => {
    fc.assert(
      fc.property(rowOfAny, ({ type, value }) => {
        expect(decodeValue(type, encodeValue(type, value))).toEqual(value);
      }),
    );
  });

  test('[BSATN2] a layout ends a row where its bytes end, and finds every column', () => {
    fc.assert(
      fc.property(rowOfAny, fc.integer({ min: 0, max: 9 }), ({ type, value }, padding) => {
        const columns = type.fields.map((field, i) => encodeValue(field.type, (value as never[])[i] as never));
        const bytes = Buffer.concat([Buffer.alloc(padding, 0xff), ...columns, Buffer.alloc(padding, 0xff)]);
        const limit = bytes.length - padding;
        const layout = layoutOf(type);
        expect(layout.end(bytes, padding, limit)).toBe(limit);
        expect(layout.skip(bytes, padding)).toBe(limit);
        if (layout.fixedSize >= 0) expect(limit - padding).toBe(layout.fixedSize);
        let at = padding;
        for (const [i, column] of columns.entries()) {
          expect(layout.columnStart(bytes, padding, i)).toBe(at);
          at += column.length;
          expect(layout.columnEnd(bytes, at - column.length, i)).toBe(at);
        }
      }),
    );
  });

  test('[BSATN3] a row that is cut short, or has a byte too many, is refused', () => {
    fc.assert(
      fc.property(rowOfAny, ({ type, value }) => {
        const bytes = encodeValue(type, value);
        const layout = layoutOf(type);
        layout.check(bytes);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => layout.check(bytes.subarray(0, length))).toThrow(DecodeError);
        }
        expect(() => layout.check(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(DecodeError);
      }),
    );
  });

  test('[BSATN3] random bytes are accepted exactly when the plain decoder accepts them', () => {
    const isAccepted = (act: () => unknown) => {
      try {
        act();
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        return false;
      }
    };
    fc.assert(
      fc.property(fc.array(anyType, { maxLength: 3 }), fc.uint8Array({ maxLength: 40 }), (types, bytes) => {
        const type = rowType(types);
        expect(isAccepted(() => layoutOf(type).check(bytes))).toBe(isAccepted(() => decodeValue(type, bytes)));
      }),
    );
  });

  test('[BSATN3] text that is not UTF-8 is refused, short or long', () => {
    const layout = layoutOf(rowType([{ kind: 'string' }]));
    const decoder = new TextDecoder('utf-8', { fatal: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.constantFrom(0, 120), (tail, padding) => {
        const text = Buffer.concat([Buffer.alloc(padding, 0x61), tail]);
        const writer = new Writer();
        writer.byteArray(text);
        let isText = true;
        try {
          decoder.decode(text);
        } catch {
          isText = false;
        }
        if (isText) layout.check(writer.copy());
        else expect(() => layout.check(writer.copy())).toThrow('not UTF-8');
      }),
      { numRuns: 2000 },
    );
  });

  test('[BSATN4] values nested too deep are refused, not followed until the stack ends', () => {
    const layout = layoutOf(rowType([listType]));
    const nested = (levels: number) => Buffer.concat([Buffer.alloc(levels * 2), Buffer.from([1])]);
    layout.check(nested(nestingMax - 1));
    expect(() => layout.check(nested(100_000))).toThrow('nested more than');
  });

  test('[BSATN4] an array of units cannot claim to be endless', () => {
    const layout = layoutOf(rowType([{ kind: 'array', of: unitType }]));
    layout.check(Buffer.from([5, 0, 0, 0]));
    expect(() => layout.check(Buffer.from([0, 0, 0, 0x80]))).toThrow('says it has 2147483648 elements');
  });

  test('a product that reaches itself through a sum inside another product keeps all its fields', () => {
    const fields: { name: string; type: Type }[] = [{ name: 'id', type: { kind: 'u16' } }];
    const node: Type = { kind: 'product', fields };
    const edge: Type = {
      kind: 'product',
      fields: [
        { name: 'weight', type: { kind: 'u8' } },
        { name: 'to', type: node },
      ],
    };
    fields.push({
      name: 'next',
      type: {
        kind: 'sum',
        variants: [
          { name: 'edge', type: edge },
          { name: 'end', type: unitType },
        ],
      },
    });
    const bytes = Buffer.from([1, 0, 0, 9, 2, 0, 1]);
    layoutOf(node).check(bytes);
    expect(layoutOf(node).skip(bytes, 0)).toBe(bytes.length);
    expect(() => layoutOf(node).check(bytes.subarray(0, 6))).toThrow(DecodeError);
  });
});
