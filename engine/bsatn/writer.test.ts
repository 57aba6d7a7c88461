import { describe, expect, it } from 'vitest';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

describe('Writer', () => {
  it.each(['u16', 'i16', 'u32', 'i32', 'f32', 'f64'] as const)('[BSATN] grows in the middle of a %s', (kind) => {
    for (let capacity = 0; capacity < 9; capacity++) {
      const writer = new Writer(capacity);
      writer[kind](7);
      writer[kind](9);
      const reader = new Reader(writer.copy());
      expect([reader[kind](), reader[kind]()]).toEqual([7, 9]);
    }
  });
});
