import { SenderError } from 'spacetimedb';
import { type Amounts, BudgetShort, type Spend } from '../spending.ts';
import type { HubConnection } from './connection.ts';

type Report = (call: (reducers: HubConnection['reducers']) => Promise<void>) => Promise<void>;

/** Spends for one attempt of a task: reserves at the hub before each step and settles after it. */
export function spendingOf({ taskId, attempt }: { taskId: bigint; attempt: number }, report: Report): Spend {
  let last = 0;
  return async ({ most, hasCheaper, take, spent, spentInVain }) => {
    last += 1;
    const reservation = { taskId, attempt, number: last };
    try {
      await report((reducers) => reducers.reserveBudget({ ...reservation, ...inUnits(most), hasCheaper }));
    } catch (error) {
      const [, code, reason] = /^(budget-exhausted|budget-downgrade): (.*)$/s.exec(
        error instanceof SenderError ? error.message : '',
      ) ?? [undefined, undefined, undefined];
      if (code === undefined) throw error;
      throw new BudgetShort(reason ?? '', code === 'budget-downgrade');
    }
    let cost = most;
    try {
      const result = await take();
      cost = atMost(spent(result), most);
      return result;
    } catch (error) {
      if (spentInVain) cost = atMost(spentInVain(error), most);
      throw error;
    } finally {
      await report((reducers) => reducers.settleBudget({ ...reservation, ...inUnits(cost) }));
    }
  };
}

/** The hub takes no more than was reserved, and a server may count otherwise than we do. */
function atMost(cost: Amounts, most: Amounts): Amounts {
  return {
    tokens: Math.min(cost.tokens, most.tokens),
    micros: Math.min(cost.micros, most.micros),
    seconds: Math.min(cost.seconds, most.seconds),
  };
}

function inUnits({ tokens, micros, seconds }: Amounts) {
  const whole = (amount: number): bigint => BigInt(Math.ceil(amount));
  return { tokens: whole(tokens), micros: whole(micros), seconds: whole(seconds) };
}
