import { expect, it } from 'vitest';
import { Logs } from './logs.ts';

const record = (message: string) => ({ level: 'Info', ts: 0n, message }) as const;

it('[HTTP4] the newest 8192 lines are kept', () => {
  const logs = new Logs();
  for (let i = 0; i < 50_000; i++) logs.add(record(`${i}`));
  const messages = logs.newest(undefined).map(({ message }) => message);
  expect([messages.length, messages[0], messages.at(-1)]).toEqual([8192, '41808', '49999']);
});

it('[HTTP4] long lines are cut, and many of them are fewer', () => {
  const logs = new Logs();
  const followed: string[] = [];
  logs.follow(({ message }) => followed.push(message));
  logs.add(record('x'.repeat(1_000_000)));
  expect(followed[0]).toMatch(/^x{262144}… \(cut: 1000000 characters\)$/);
  for (let i = 0; i < 1000; i++) logs.add(record(`${i} `.padEnd(200_000, 'y')));
  const kept = logs.newest(undefined);
  expect(kept.at(-1)?.message.startsWith('999 ')).toBe(true);
  const chars = kept.reduce((sum, { message }) => sum + message.length, 0);
  expect(chars).toBeGreaterThan(7_000_000);
  expect(chars).toBeLessThan(17_000_000);
});
