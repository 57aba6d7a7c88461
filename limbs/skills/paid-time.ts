import type { Amounts } from '../spending.ts';
import type { SkillContext } from './skill.ts';

const firstSliceMs = 1000;
/** The next slice is asked for so long before the one before is used up. */
const aheadMs = 500;

export interface TimedWork<T> {
  readonly timeMsMax: number;
  /** Must end soon after its signal was aborted, with its reason. */
  run(signal: AbortSignal): Promise<T>;
  /** How long it took, of which only the worker may know. */
  tookMs(result: T): number;
}

/**
 * Works within the task's budgets of seconds. Time is reserved in slices that double, each before it is used, so that a
 * short work holds little; what was not used of them is free again. When a budget has no more, the work is stopped at the
 * end of what is paid.
 * @throws BudgetShort when the budgets end the work, or had nothing for its begin
 */
export async function inPaidTime<T>(
  { spend, signal }: Pick<SkillContext, 'spend' | 'signal'>,
  { timeMsMax, run, tookMs }: TimedWork<T>,
): Promise<T> {
  const unpaid = new AbortController();
  const ended = new AbortController();
  const payments: Promise<void>[] = [];
  let paidMs = 0;
  let usedMs = 0;

  /** Settles when the slice is reserved; it is held until the work ends. */
  const pay = (sliceMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const beforeMs = paidMs;
      let isReserved = false;
      const payment = spend({
        most: seconds(sliceMs),
        hasCheaper: false,
        async take() {
          isReserved = true;
          paidMs += sliceMs;
          resolve();
          await untilAborted(ended.signal);
        },
        spent: () => seconds(Math.min(sliceMs, Math.max(0, usedMs - beforeMs))),
      });
      const failed = (error: unknown) => {
        reject(error);
        if (isReserved) throw error;
      };
      payments.push(payment.catch(failed));
    });

  await pay(Math.min(firstSliceMs, timeMsMax));
  const startedMs = performance.now();
  const paidUntil = (earlierMs: number) => sleep(startedMs + paidMs - earlierMs - performance.now(), ended.signal);
  const keepPaying = async (): Promise<void> => {
    while (paidMs < timeMsMax) {
      await paidUntil(aheadMs);
      if (ended.signal.aborted) return;
      await pay(Math.min(paidMs, timeMsMax - paidMs));
    }
  };
  keepPaying().catch(async (error: unknown) => {
    await paidUntil(0);
    unpaid.abort(error);
  });

  try {
    const result = await run(AbortSignal.any([signal, unpaid.signal]));
    usedMs = tookMs(result);
    return result;
  } catch (error) {
    usedMs = performance.now() - startedMs;
    throw error;
  } finally {
    ended.abort();
    await Promise.all(payments);
  }
}

function seconds(ms: number): Amounts {
  return { tokens: 0, micros: 0, seconds: ms / 1000 };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), Math.max(0, ms));
  return untilAborted(AbortSignal.any([timer.signal, signal])).finally(() => clearTimeout(timeout));
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
