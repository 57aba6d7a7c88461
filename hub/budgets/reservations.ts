import type { Amounts, Ctx, ReservationRow, TaskRow } from '../schema.ts';
import { amountOf, budgetsOf, current, type Shortage, shortageOf } from './budgets.ts';

/** Sets an amount aside from every budget of the task, or from none when one is short. */
export function reserve(ctx: Ctx, task: TaskRow, number: number, wanted: Amounts): Shortage | undefined {
  const budgets = budgetsOf(ctx, task);
  const shortage = shortageOf(budgets, wanted);
  if (shortage) return shortage;
  for (const budget of budgets) {
    ctx.db.budget.id.update({ ...budget, reserved: budget.reserved + amountOf(budget, wanted) });
  }
  ctx.db.reservation.insert({
    id: 0n,
    taskId: task.id,
    number,
    ...wanted,
    budgetIds: budgets.map(({ id }) => id),
  });
  return undefined;
}

/** Ends a reservation: what was spent of it is spent, the rest is free again. Returns the budgets that have more left. */
export function settle(ctx: Ctx, reservation: ReservationRow, spent: Amounts): bigint[] {
  ctx.db.reservation.id.delete(reservation.id);
  const freed: bigint[] = [];
  for (const id of reservation.budgetIds) {
    const row = ctx.db.budget.id.find(id);
    if (!row) continue;
    const budget = current(ctx, row);
    const [held, used] = [amountOf(budget, reservation), amountOf(budget, spent)];
    ctx.db.budget.id.update({ ...budget, reserved: budget.reserved - held, spent: budget.spent + used });
    if (used < held) freed.push(id);
  }
  return freed;
}

/** Ends all reservations of a task whose attempt is over, with nothing spent of them. */
export function releaseAll(ctx: Ctx, taskId: bigint): bigint[] {
  const none = { tokens: 0n, micros: 0n, seconds: 0n };
  return [...ctx.db.reservation.taskId.filter(taskId)].flatMap((reservation) => settle(ctx, reservation, none));
}
