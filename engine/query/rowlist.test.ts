import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRowList } from './rowlist.ts';
import { rowsIn } from './testing/database.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('[QE1] rows of one size carry that size, others where each starts', () => {
  expect(hex(encodeRowList([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]).encoded)).toBe('0002000400000001020304');
  expect(hex(encodeRowList([Uint8Array.of(1), Uint8Array.of(3, 4)]).encoded)).toBe(
    '010200000000000000000000000100000000000000' + '03000000010304',
  );
  expect(hex(encodeRowList([]).encoded)).toBe('00000000000000');
  expect(encodeRowList([new Uint8Array(0x10000)]).encoded[0]).toBe(1);
});

test('[QE1] what is encoded can be read back', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 5 })), (rows) => {
      expect(rowsIn(encodeRowList(rows)).map(hex)).toEqual(rows.map(hex));
    }),
  );
});
