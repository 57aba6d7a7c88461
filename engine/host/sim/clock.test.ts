import { expect, test } from 'vitest';
import { VirtualClock } from './clock.ts';

test('[HOST8] a clock that is set back stands still until it catches up; timers wait as long as they would have', () => {
  const clock = new VirtualClock(1_000_000n);
  const ran: bigint[] = [];
  clock.setTimer(2, () => ran.push(clock.wallMicros));
  clock.jump(-500_000n);
  expect([clock.nowMicros(), clock.nowMs()]).toEqual([1_000_000n, 500]);
  clock.advance(1999n);
  expect(ran).toEqual([]);
  clock.advance(1n);
  expect(ran).toEqual([502_000n]);
  clock.jump(1_000_000n);
  expect(clock.nowMicros()).toBe(1_502_000n);
  expect(ran.length).toBe(1);
});
