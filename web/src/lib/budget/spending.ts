import { millis } from '../format.ts';
import type { Budget, DayTotal, Summary, Task } from '../live/model.ts';

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

/** What a task has cost, in tokens, in millionths of money, or in seconds of work. */
function amountOf({ body }: Summary, unit: UnitTag): number {
  if (unit === 'Tokens') return body.tokensIn + body.tokensOut;
  return unit === 'Micros' ? Number(body.costMicros) : body.durationMs / 1000;
}

function amountOfDay({ tokensIn, tokensOut, micros, workMs }: DayTotal, unit: UnitTag): number {
  if (unit === 'Tokens') return Number(tokensIn + tokensOut);
  return unit === 'Micros' ? Number(micros) : Number(workMs) / 1000;
}

/**
 * Adds up the last days: the summaries of tasks that are kept, and for the days only, the totals of those that are not
 * kept any more. `submitters`: who submitted a task, by its number.
 */
export function spendingOf(
  summaries: readonly Summary[],
  totals: readonly DayTotal[],
  submitters: ReadonlyMap<bigint, Task['submittedBy']>,
  unit: UnitTag,
  nowMs: number,
): Spending {
  const days = new Map<string, number>();
  for (let back = daysShown - 1; back >= 0; back -= 1) days.set(dayOf(nowMs - back * dayMs), 0);
  const members = new Map<string, number>();
  const models = new Map<string, number>();
  const limbs = new Map<string, number>();
  const add = (sums: Map<string, number>, key: string, amount: number): void => {
    sums.set(key, (sums.get(key) ?? 0) + amount);
  };
  let total = 0;
  for (const summary of summaries) {
    const day = dayOf(millis(summary.at));
    const amount = amountOf(summary, unit);
    if (amount === 0 || !days.has(day)) continue;
    total += amount;
    add(days, day, amount);
    add(members, submitters.get(summary.taskId)?.toHexString() ?? '', amount);
    add(models, summary.body.engine, amount);
    add(limbs, summary.limb.toHexString(), amount);
  }
  for (const past of totals) {
    if (!days.has(past.day)) continue;
    const amount = amountOfDay(past, unit);
    total += amount;
    add(days, past.day, amount);
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
