import fc from 'fast-check';
import { ConnectionId, Identity, Timestamp } from 'spacetimedb';
import { expect, test } from 'vitest';
import { decode, encode } from './kept.ts';

const leaf = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.integer(),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constant(undefined),
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => new Identity(value)),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => new ConnectionId(value)),
  fc.bigInt({ min: 0n, max: 2n ** 60n }).map((value) => new Timestamp(value)),
);
const row = fc.dictionary(
  fc.stringMatching(/^[a-z]\w{0,8}$/),
  fc.oneof(leaf, fc.array(leaf), fc.record({ tag: fc.string(), value: leaf })),
);

test('rows come back from the browser as they were', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      expect(decode(JSON.parse(JSON.stringify(encode(rows))))).toEqual(rows);
    }),
  );
});
