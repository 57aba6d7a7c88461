import { Identity } from 'spacetimedb';
import { SenderError, t } from 'spacetimedb/server';
import { current, describeShortage, memberHolder, tenantHolder, treeHolder } from '../budgets/budgets.ts';
import { reserve, settle } from '../budgets/reservations.ts';
import { decide } from '../keeping/policy.ts';
import { limits } from '../lib/limits.ts';
import { unpark } from '../queue/dispatch.ts';
import spacetimedb, { type Amounts, type BudgetRow, type Ctx } from '../schema.ts';
import { BudgetPeriod, BudgetScope, BudgetUnit, Exhaustion } from '../tables/budgets.ts';
import { requireMember } from './access.ts';
import { requireLease } from './leases.ts';

/**
 * Sets what may be spent, or takes the bound away when none is given. `subject`: the Identity of a member in hex, the number
 * of a tree's first task, or empty for the tenant.
 */
export const setBudget = spacetimedb.reducer(
  { name: 'set_budget' },
  {
    tenantId: t.u64(),
    scope: BudgetScope,
    subject: t.string(),
    unit: BudgetUnit,
    period: BudgetPeriod,
    bound: t.option(t.u64()),
  },
  (ctx, { tenantId, scope, subject, unit, period, bound }) => {
    requireMember(ctx, tenantId, 'Owner');
    const holder = requireHolder(ctx, tenantId, scope.tag, subject.trim(), bound === undefined);
    const earlier = [...ctx.db.budget.holder.filter(holder)].find(
      (budget) => budget.unit.tag === unit.tag && budget.period.tag === period.tag,
    );
    if (bound === undefined) {
      if (earlier) ctx.db.budget.id.delete(earlier.id);
    } else if (earlier) ctx.db.budget.id.update({ ...current(ctx, earlier), bound });
    else {
      if ([...ctx.db.budget.tenantId.filter(tenantId)].length >= limits.budgetsMax) {
        throw new SenderError(
          `too-many-budgets: the tenant has ${limits.budgetsMax} budgets, the most that are allowed; take one away first`,
        );
      }
      const row = { id: 0n, tenantId, holder, scope, unit, period, bound, spent: 0n, reserved: 0n, since: '' };
      ctx.db.budget.insert(current(ctx, row));
    }
    if (earlier) unpark(ctx, earlier.id);
  },
);

/** Decides what limbs do when a budget of the tenant is used up. */
export const setExhaustion = spacetimedb.reducer(
  { name: 'set_exhaustion' },
  { tenantId: t.u64(), onExhausted: Exhaustion },
  (ctx, { tenantId, onExhausted }) => {
    requireMember(ctx, tenantId, 'Owner');
    decide(ctx, tenantId, { onExhausted });
  },
);

const amounts = { tokens: t.u64(), micros: t.u64(), seconds: t.u64() };

/**
 * Sets aside the most that a step of a task can cost, before the limb takes it. `number` names the reservation inside the
 * attempt; one that comes again changes nothing. Rejects with `budget-downgrade` where the tenant wants a cheaper model
 * instead and the limb says that it has one, else with `budget-exhausted`.
 */
export const reserveBudget = spacetimedb.reducer(
  { name: 'reserve_budget' },
  { taskId: t.u64(), attempt: t.u32(), number: t.u32(), ...amounts, hasCheaper: t.bool() },
  (ctx, { taskId, attempt, number, tokens, micros, seconds, hasCheaper }) => {
    const { task } = requireLease(ctx, taskId, attempt);
    const open = [...ctx.db.reservation.taskId.filter(taskId)];
    if (open.some((reservation) => reservation.number === number)) return;
    if (open.length >= limits.reservationsMax) {
      throw new SenderError(
        `too-many-reservations: task ${taskId} has ${open.length} open reservations; settle one before the next`,
      );
    }
    const shortage = reserve(ctx, task, number, { tokens, micros, seconds });
    if (!shortage) return;
    const policy = ctx.db.policy.tenantId.find(task.tenantId)?.onExhausted.tag ?? 'Reject';
    const code = policy === 'Downgrade' && hasCheaper ? 'budget-downgrade' : 'budget-exhausted';
    throw new SenderError(`${code}: ${describeShortage(shortage)}; an owner of the tenant may raise the bound`);
  },
);

/** Says what a step has really cost. What was reserved beyond that is free again. */
export const settleBudget = spacetimedb.reducer(
  { name: 'settle_budget' },
  { taskId: t.u64(), attempt: t.u32(), number: t.u32(), ...amounts },
  (ctx, { taskId, attempt, number, tokens, micros, seconds }) => {
    requireLease(ctx, taskId, attempt);
    const reservation = [...ctx.db.reservation.taskId.filter(taskId)].find((row) => row.number === number);
    if (!reservation) return;
    const spent: Amounts = { tokens, micros, seconds };
    for (const unit of ['tokens', 'micros', 'seconds'] as const) {
      if (spent[unit] <= reservation[unit]) continue;
      throw new SenderError(
        `settled-too-much: ${spent[unit]} ${unit} were spent of ${reservation[unit]} reserved; reserve the most that a step can cost`,
      );
    }
    for (const id of settle(ctx, reservation, spent)) unpark(ctx, id);
  },
);

/** A bound can be taken away from somebody who is no member any more. */
function requireHolder(
  ctx: Ctx,
  tenantId: bigint,
  scope: BudgetRow['scope']['tag'],
  subject: string,
  isTakenAway: boolean,
): string {
  if (scope === 'Tenant') return tenantHolder(tenantId);
  if (scope === 'Member') {
    if (!/^[0-9a-f]{64}$/.test(subject)) {
      throw new SenderError('invalid-subject: expected the Identity of a member in 64 lower-case hex digits');
    }
    const isMember = [...ctx.db.member.identity.filter(Identity.fromString(subject))].some(
      (member) => member.tenantId === tenantId,
    );
    if (!isMember && !isTakenAway)
      throw new SenderError(
        'no-such-member: the subject is not a member of this tenant; name the Identity of one that is',
      );
    return memberHolder(tenantId, subject);
  }
  const task = /^\d{1,19}$/.test(subject) ? ctx.db.task.id.find(BigInt(subject)) : undefined;
  if (task?.tenantId !== tenantId || task.parent !== undefined) {
    throw new SenderError(
      'no-such-tree: the subject is not the number of a task of this tenant without a parent; name the first task of a tree',
    );
  }
  return treeHolder(tenantId, task.id);
}
