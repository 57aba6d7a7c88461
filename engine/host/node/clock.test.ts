import { describe, expect, test } from 'vitest';
import { nodeClock } from './clock.ts';

describe('clock', () => {
  test('[HOST4] microseconds never go back', () => {
    let last = 0n;
    for (let i = 0; i < 10_000; i++) {
      const now = nodeClock.nowMicros();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  test('[HOST4] a timer runs once, and not at all when cancelled or years away', async () => {
    const ran: string[] = [];
    const cancelled = nodeClock.setTimer(1, () => ran.push('cancelled'));
    const distant = nodeClock.setTimer(2 ** 40, () => ran.push('distant'));
    cancelled.cancel();
    await new Promise<void>((done) => {
      nodeClock.setTimer(20, () => {
        ran.push('due');
        done();
      });
    });
    distant.cancel();
    distant.cancel();
    expect(ran).toEqual(['due']);
  });
});
