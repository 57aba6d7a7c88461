import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BudgetShort, type Spend } from '../spending.ts';
import { inPaidTime } from './paid-time.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A budget of seconds, and what became of it. */
function budgetOf(bound: number) {
  const ledger = { reserved: 0, spent: 0, slices: [] as number[], settled: 0 };
  const spend: Spend = async (step) => {
    await Promise.resolve();
    const { seconds } = step.most;
    if (ledger.reserved + seconds > bound) throw new BudgetShort('the seconds are short', false);
    ledger.reserved += seconds;
    ledger.slices.push(seconds);
    const result = await step.take();
    ledger.spent += step.spent(result).seconds;
    ledger.settled++;
    return result;
  };
  return { ledger, spend };
}

/** Work that lasts for a time unless it is stopped; it says when that was. */
function lasting(ms: number) {
  const startedMs = performance.now();
  const work = { stoppedAfterMs: Number.NaN };
  const run = (signal: AbortSignal) =>
    new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => resolve(ms), ms);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        work.stoppedAfterMs = performance.now() - startedMs;
        reject(signal.reason);
      });
    });
  return { work, run, tookMs: (took: number) => took };
}

const signal = new AbortController().signal;

test('short work reserves one second and spends what it took', async () => {
  const { ledger, spend } = budgetOf(10);
  const done = inPaidTime({ spend, signal }, { timeMsMax: 10_000, ...lasting(300) });
  await vi.advanceTimersByTimeAsync(300);
  expect(await done).toBe(300);
  expect(ledger).toEqual({ reserved: 1, spent: 0.3, slices: [1], settled: 1 });
});

test('long work reserves slices that double, each before it is used, and no more than its time limit', async () => {
  const { ledger, spend } = budgetOf(100);
  const done = inPaidTime({ spend, signal }, { timeMsMax: 10_000, ...lasting(9500) });
  for (let ms = 0; ms < 9500; ms += 100) {
    await vi.advanceTimersByTimeAsync(100);
    expect(ledger.reserved * 1000).toBeGreaterThanOrEqual(ms);
  }
  await done;
  expect(ledger).toEqual({ reserved: 10, spent: 9.5, slices: [1, 1, 2, 4, 2], settled: 5 });
});

test('work is stopped when what is paid is used up, and all of that is spent', async () => {
  const { ledger, spend } = budgetOf(2);
  const { work, ...timed } = lasting(9500);
  const done = inPaidTime({ spend, signal }, { timeMsMax: 10_000, ...timed });
  done.catch(() => {});
  await vi.advanceTimersByTimeAsync(10_000);
  await expect(done).rejects.toThrow(BudgetShort);
  expect(work.stoppedAfterMs).toBeGreaterThanOrEqual(2000);
  expect(work.stoppedAfterMs).toBeLessThan(2100);
  expect(ledger).toEqual({ reserved: 2, spent: 2, slices: [1, 1], settled: 2 });
});

test('work for which there is nothing does not begin', async () => {
  const { ledger, spend } = budgetOf(0);
  const run = vi.fn();
  await expect(inPaidTime({ spend, signal }, { timeMsMax: 10_000, run, tookMs: () => 0 })).rejects.toThrow(BudgetShort);
  expect(run).not.toHaveBeenCalled();
  expect(ledger.settled).toBe(0);
});

test('work that fails is paid until then, and its error is the one that is thrown', async () => {
  const { ledger, spend } = budgetOf(10);
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    throw new Error('broken');
  };
  const done = inPaidTime({ spend, signal }, { timeMsMax: 10_000, run, tookMs: () => 0 });
  done.catch(() => {});
  await vi.advanceTimersByTimeAsync(700);
  await expect(done).rejects.toThrow('broken');
  expect(ledger).toMatchObject({ spent: 0.7, settled: 2 });
});

test('a cancelled task ends the work at once', async () => {
  const { ledger, spend } = budgetOf(10);
  const controller = new AbortController();
  const { work, ...timed } = lasting(9500);
  const done = inPaidTime({ spend, signal: controller.signal }, { timeMsMax: 10_000, ...timed });
  done.catch(() => {});
  await vi.advanceTimersByTimeAsync(200);
  controller.abort(new Error('cancelled'));
  await expect(done).rejects.toThrow('cancelled');
  expect(work.stoppedAfterMs).toBe(200);
  expect(ledger.settled).toBe(1);
});
