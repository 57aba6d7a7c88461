import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { createCode, hashCode } from './code.ts';

it('a code is six groups of letters, none of them alike', () => {
  const codes = Array.from({ length: 100 }, createCode);
  for (const code of codes) expect(code).toMatch(/^([A-HJ-NP-Z]{4}-){5}[A-HJ-NP-Z]{4}$/);
  expect(new Set(codes).size).toBe(codes.length);
});

it('the hash of a code is what a hub makes of the code as it is sent', () => {
  const code = createCode();
  expect(hashCode(code)).toBe(createHash('sha256').update(new TextEncoder().encode(code)).digest('hex'));
});
