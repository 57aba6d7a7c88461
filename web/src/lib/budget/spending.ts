import type { Budget, SpendingRow } from '../live/model.ts';

export type UnitTag = Budget['unit']['tag'];

/** What was spent on finished tasks: amounts by day, and by who or what. */
export interface Spending {
  /** One for each of the days, oldest first. */
  readonly days: readonly { readonly day: string; readonly amount: number }[];
  readonly members: readonly Share[];
  readonly models: readonly Share[];
  readonly limbs: readonly Share[];
  readonly total: number;
}

export interface Share {
  readonly key: string;
  readonly amount: number;
}

/** How many days are shown. */
export const daysShown = 30;
const dayMs = 86_400_000;

/** The calendar day in UTC, as budgets count them: `2026-11-21`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function amountOf({ tokens, micros, workMs }: SpendingRow, unit: UnitTag): number {
  if (unit === 'Tokens') return Number(tokens);
  return unit === 'Micros' ? Number(micros) : Number(workMs) / 1000;
}

/** Adds up what was spent in the last days. */
export function spendingOf(rows: readonly SpendingRow[], unit: UnitTag, nowMs: number): Spending {
  const days = new Map<string, number>();
  for (let back = daysShown - 1; back >= 0; back -= 1) days.set(dayOf(nowMs - back * dayMs), 0);
  const members = new Map<string, number>();
  const models = new Map<string, number>();
  const limbs = new Map<string, number>();
  const add = (sums: Map<string, number>, key: string, amount: number): void => {
    sums.set(key, (sums.get(key) ?? 0) + amount);
  };
  let total = 0;
  for (const row of rows) {
    if (!days.has(row.day)) continue;
    const amount = amountOf(row, unit);
    total += amount;
    add(days, row.day, amount);
    add(members, row.member.toHexString(), amount);
    add(models, row.engine, amount);
    add(limbs, row.limb.toHexString(), amount);
  }
  return {
    days: [...days].map(([day, amount]) => ({ day, amount })),
    members: shares(members),
    models: shares(models),
    limbs: shares(limbs),
    total,
  };
}

function shares(sums: ReadonlyMap<string, number>): Share[] {
  return [...sums].map(([key, amount]) => ({ key, amount })).sort((a, b) => b.amount - a.amount);
}
