import { Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { DayTotal, Summary, Task } from '../live/model.ts';
import { daysShown, spendingOf } from './spending.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const hex = (name: string) => ({ toHexString: () => name });

function summary(taskId: bigint, daysAgo: number, limb: string, engine: string, tokens: number): Summary {
  const at = new Timestamp(BigInt(nowMs - daysAgo * 86_400_000) * 1000n);
  const body = { engine, tokensIn: tokens - 1, tokensOut: 1, costMicros: BigInt(tokens) * 10n, durationMs: 500 };
  return { taskId, at, limb: hex(limb), body } as unknown as Summary;
}

const submitters = new Map([
  [1n, hex('ada')],
  [2n, hex('bob')],
  [3n, hex('ada')],
]) as unknown as ReadonlyMap<bigint, Task['submittedBy']>;
const summaries = [
  summary(1n, 0, 'attic', 'small', 100),
  summary(2n, 1, 'attic', 'large', 400),
  summary(3n, 1, 'cellar', 'small', 30),
  summary(4n, 45, 'cellar', 'small', 9999),
];

describe('spending', () => {
  it('is added up by day, member, model and limb', () => {
    const spending = spendingOf(summaries, [], submitters, 'Tokens', nowMs);
    expect(spending.total).toBe(530);
    expect(spending.days).toHaveLength(daysShown);
    expect(spending.days.slice(-2)).toEqual([
      { day: '2026-11-20', amount: 430 },
      { day: '2026-11-21', amount: 100 },
    ]);
    expect(spending.members).toEqual([
      { key: 'bob', amount: 400 },
      { key: 'ada', amount: 130 },
    ]);
    expect(spending.models.map(({ key }) => key)).toEqual(['large', 'small']);
    expect(spending.limbs.map(({ amount }) => amount)).toEqual([500, 30]);
  });

  it('is told in money and in seconds too', () => {
    expect(spendingOf(summaries, [], submitters, 'Micros', nowMs).total).toBe(5300);
    expect(spendingOf(summaries, [], submitters, 'Seconds', nowMs).total).toBe(1.5);
  });

  it('counts by day what is not kept any more', () => {
    const past = { day: '2026-11-20', tokensIn: 60n, tokensOut: 10n, micros: 5n, workMs: 2000n } as DayTotal;
    const spending = spendingOf(summaries, [past], submitters, 'Tokens', nowMs);
    expect([spending.total, spending.days.at(-2)]).toEqual([600, { day: '2026-11-20', amount: 500 }]);
    expect(spending.members).toHaveLength(2);
  });
});
