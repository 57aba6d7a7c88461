import type { Timestamp } from 'spacetimedb';
import type { Amounts, BudgetRow, Ctx, TaskRow } from '../schema.ts';

// What may be spent. A limb reserves the most that a step can cost before it takes it, in the transaction that looks at all
// budgets of the task, and settles after it. So budgets cannot be overspent, however many limbs spend at once.

/** A budget that has less left than is wanted. */
export interface Shortage {
  readonly budget: BudgetRow;
  readonly shortBy: bigint;
}

export function holdersOf(task: Pick<TaskRow, 'tenantId' | 'submittedBy' | 'root'>): string[] {
  return [
    tenantHolder(task.tenantId),
    memberHolder(task.tenantId, task.submittedBy.toHexString()),
    treeHolder(task.tenantId, task.root),
  ];
}

export function tenantHolder(tenantId: bigint): string {
  return `${tenantId}/tenant`;
}

export function memberHolder(tenantId: bigint, identityHex: string): string {
  return `${tenantId}/member/${identityHex}`;
}

export function treeHolder(tenantId: bigint, root: bigint): string {
  return `${tenantId}/tree/${root}`;
}

/** The budgets that a task spends from, each in its present period. */
export function budgetsOf(ctx: Ctx, task: TaskRow): BudgetRow[] {
  return holdersOf(task).flatMap((holder) => [...ctx.db.budget.holder.filter(holder)].map((row) => current(ctx, row)));
}

/** A budget as it is now: `spent` starts anew with the period. A clock that goes back starts nothing anew. */
export function current(ctx: Ctx, budget: BudgetRow): BudgetRow {
  const since = periodOf(budget.period.tag, ctx.timestamp);
  return since > budget.since ? { ...budget, since, spent: 0n } : budget;
}

/** What is left of a budget; a bound that was lowered below what is spent leaves nothing. */
export function leftOf({ bound, spent, reserved }: BudgetRow): bigint {
  const left = bound - spent - reserved;
  return left > 0n ? left : 0n;
}

export function amountOf(budget: BudgetRow, { tokens, micros, seconds }: Amounts): bigint {
  const { tag } = budget.unit;
  return tag === 'Tokens' ? tokens : tag === 'Micros' ? micros : seconds;
}

/** The first budget that has less left than wanted; none when all have enough. */
export function shortageOf(budgets: readonly BudgetRow[], wanted: Amounts): Shortage | undefined {
  for (const budget of budgets) {
    const missing = amountOf(budget, wanted) - leftOf(budget);
    if (missing > 0n) return { budget, shortBy: missing };
  }
  return undefined;
}

/** `the tenant's tokens of the day are short by 20 (bound 100)` */
export function describeShortage({ budget, shortBy }: Shortage): string {
  const whose = { Tenant: "the tenant's", Member: "the submitter's", Tree: "the task tree's" }[budget.scope.tag];
  const what = { Tokens: 'tokens', Micros: 'money, in millionths,', Seconds: 'seconds' }[budget.unit.tag];
  const when = { Day: ' of the day', Month: ' of the month', Total: '' }[budget.period.tag];
  return `${whose} ${what}${when} are short by ${shortBy} (bound ${budget.bound})`;
}

/** When the period of a budget ends; none for a total. */
export function periodEndMs(budget: BudgetRow, now: Timestamp): number | undefined {
  const date = now.toDate();
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (budget.period.tag === 'Day') return Date.UTC(year, month, day + 1);
  return budget.period.tag === 'Month' ? Date.UTC(year, month + 1, 1) : undefined;
}

function periodOf(period: BudgetRow['period']['tag'], now: Timestamp): string {
  const day = now.toDate().toISOString();
  return period === 'Day' ? day.slice(0, 10) : period === 'Month' ? day.slice(0, 7) : '';
}
