import { expect, it } from 'vitest';
import { readRunFilter, writeRunFilter } from './filter.ts';

it('reads from an address what it has written there', () => {
  const filter = { recipe: 'a & b', states: ['Running', 'Failed'], member: 'ab12', isDeep: true } as const;
  const address = writeRunFilter(filter);
  expect(address).toBe('?recipe=a+%26+b&state=running,failed&by=ab12&inner=yes');
  expect(readRunFilter(new URLSearchParams(address))).toEqual(filter);
});

it('leaves out what it does not know', () => {
  const none = { recipe: '', states: [], member: '', isDeep: false };
  expect(readRunFilter(new URLSearchParams('?state=lost,&inner=1'))).toEqual(none);
  expect(writeRunFilter(none)).toBe('');
});
