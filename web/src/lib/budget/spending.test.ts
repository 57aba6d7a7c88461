import { describe, expect, it } from 'vitest';
import type { SpendingRow } from '../live/model.ts';
import { daysShown, spendingOf } from './spending.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const hex = (name: string) => ({ toHexString: () => name });

function row(member: string, day: string, limb: string, engine: string, tokens: number): SpendingRow {
  const amounts = { tokens: BigInt(tokens), micros: BigInt(tokens) * 10n, workMs: 500n };
  return { member: hex(member), day, limb: hex(limb), engine, ...amounts } as unknown as SpendingRow;
}

const rows = [
  row('ada', '2026-11-21', 'attic', 'small', 100),
  row('bob', '2026-11-20', 'attic', 'large', 400),
  row('ada', '2026-11-20', 'cellar', 'small', 30),
  row('ada', '2026-10-07', 'cellar', 'small', 9999),
];

describe('spending', () => {
  it('is added up by day, member, model and limb', () => {
    const spending = spendingOf(rows, 'Tokens', nowMs);
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
    expect(spendingOf(rows, 'Micros', nowMs).total).toBe(5300);
    expect(spendingOf(rows, 'Seconds', nowMs).total).toBe(1.5);
  });
});
