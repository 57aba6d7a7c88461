import { expect, test } from 'vitest';
import { codeIn } from './credentials.ts';
import { backoffMs } from './hub.ts';

test('the pause doubles up to its bound and is spread', () => {
  expect([0, 1, 2, 10].map((attempt) => backoffMs(attempt, 0.5))).toEqual([500, 1000, 2000, 15_000]);
  expect([backoffMs(0, 0), backoffMs(0, 1)]).toEqual([400, 600]);
});

test('a code is found in a link, in its fragment, and by itself', () => {
  for (const text of ['http://127.0.0.1:3000/#code=AB-CD', '#code=AB-CD', 'code=AB-CD', '  AB-CD ']) {
    expect(codeIn(text)).toBe('AB-CD');
  }
});
