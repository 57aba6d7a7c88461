import { expect, test } from 'vitest';
import { decodeRegistry, encodeRegistry } from './registry.ts';

const entry = { identity: 'c2', owner: 'c3', names: ['ledger'], isLocked: false, folder: 'c2' };
const path = '/hub/databases.json';

test('[CRASH6] the list of databases is read back; any flipped bit changes nothing or is refused by name', () => {
  const bytes = encodeRegistry([entry]);
  expect(decodeRegistry(path, bytes)).toEqual([entry]);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      expect(decodeRegistry(path, flipped)).toEqual([entry]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'registry-damaged', message: expect.stringContaining(path) });
    }
  }
});

test('[CRASH6] a list from before it had a checksum is read', () => {
  expect(decodeRegistry(path, Buffer.from(JSON.stringify([entry])))).toEqual([entry]);
});
