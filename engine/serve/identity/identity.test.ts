import { blake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectionIdFromHex, connectionIdToHex, identityFromHex, identityOf, identityToHex } from './identity.ts';

test('[ID1] an identity is c200, a checksum, and the hash of issuer and subject', () => {
  const bytes = Buffer.from(identityToHex(identityOf('localhost', 'ada')), 'hex');
  const hash = Buffer.from(blake3(Buffer.from('localhost|ada'))).subarray(0, 26);
  const checksum = Buffer.from(blake3(Buffer.concat([Buffer.from('c200', 'hex'), hash]))).subarray(0, 4);
  expect(bytes.toString('hex')).toBe(`c200${checksum.toString('hex')}${hash.toString('hex')}`);
});

test('[ID1] the identity of a known issuer and subject never changes', () => {
  expect(identityToHex(identityOf('localhost', 'ada'))).toBe(
    'c200283e09c688a374a8bacebb8dcacac1dd446dd6b6107d64eb46d05ba6dce5',
  );
});

test('[ID2] hex forms read back what they wrote and refuse anything else', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (identity) => {
      expect(identityFromHex(identityToHex(identity))).toBe(identity);
      expect(identityFromHex(`0x${identityToHex(identity)}`)).toBe(identity);
    }),
  );
  expect(connectionIdFromHex(connectionIdToHex(5n))).toBe(5n);
  for (const text of ['', 'c200', 'x'.repeat(64), `${'0'.repeat(63)}-`, '0'.repeat(65)]) {
    expect(identityFromHex(text)).toBeUndefined();
  }
  for (const text of ['', 'g', '-1', '0'.repeat(33)]) expect(connectionIdFromHex(text)).toBeUndefined();
});
