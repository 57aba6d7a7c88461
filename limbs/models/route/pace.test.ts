import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { Pace } from './pace.ts';

class TestClock implements Clock {
  ms = 0;

  nowMs(): number {
    return this.ms;
  }

  async sleep(ms: number): Promise<void> {
    this.ms += ms;
  }
}

it('lets no minute have more requests or tokens than allowed, and waits no longer than that needs', () => {
  const request = fc.record({ pauseMs: fc.nat(30_000), tokens: fc.nat(60), used: fc.nat(60) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(request, { maxLength: 60 }), (requestsMax, requests) => {
      const clock = new TestClock();
      const pace = new Pace(requestsMax, 100, clock);
      const made: { atMs: number; tokens: number }[] = [];
      const inMinuteBefore = (ms: number) => made.filter(({ atMs }) => atMs + 60_000 > ms);
      const fits = (ms: number, tokens: number) => {
        const minute = inMinuteBefore(ms);
        return minute.length < requestsMax && minute.reduce((sum, one) => sum + one.tokens, tokens) <= 100;
      };
      for (const { pauseMs, tokens, used } of requests) {
        clock.ms += pauseMs;
        const waitMs = pace.waitMs(tokens);
        if (waitMs > 0) expect(fits(clock.ms + waitMs - 1, tokens)).toBe(false);
        clock.ms += waitMs;
        expect(fits(clock.ms, tokens)).toBe(true);
        const actual = Math.min(used, tokens);
        pace.take(tokens)(actual);
        made.push({ atMs: clock.ms, tokens: actual });
      }
    }),
  );
});

it('lets a request that is larger than a minute’s share go alone', () => {
  const clock = new TestClock();
  const pace = new Pace(undefined, 100, clock);
  expect(pace.waitMs(500)).toBe(0);
  pace.take(500);
  expect(pace.waitMs(1)).toBe(60_000);
});
