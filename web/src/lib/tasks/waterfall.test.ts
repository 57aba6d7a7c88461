import { Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { Attempt, Task } from '../live/model.ts';
import { ticksOf, waterfall } from './waterfall.ts';

const at = (ms: number): Timestamp => new Timestamp(BigInt(ms) * 1000n);

function task(parts: { readonly state: Task['state']['tag'] } & Partial<Pick<Task, 'finishedAt' | 'attempt'>>): Task {
  const { state, ...others } = parts;
  return { id: 1n, submittedAt: at(1000), attempt: 1, state: { tag: state }, ...others } as Task;
}

function attempt(number: number, from: number, to: number | undefined, outcome: Attempt['outcome']['tag']): Attempt {
  const endedAt = to === undefined ? undefined : at(to);
  return { number, startedAt: at(from), endedAt, outcome: { tag: outcome } } as Attempt;
}

describe('the waterfall of a task', () => {
  it('shows the wait before each attempt, and the steps of the one that worked', () => {
    const { bars, fromMs, toMs } = waterfall(
      task({ state: 'Done', finishedAt: at(9000), attempt: 2 }),
      [attempt(2, 7000, 9000, 'Done'), attempt(1, 1500, 2000, 'Failed')],
      [
        { name: 'recall', durationMs: 300 },
        { name: 'model', durationMs: 1600 },
      ],
      [],
      99_000,
    );
    expect([fromMs, toMs]).toEqual([1000, 9000]);
    expect(bars.map(({ key, fromMs, toMs }) => [key, fromMs, toMs])).toEqual([
      ['wait-1', 1000, 1500],
      ['attempt-1', 1500, 2000],
      ['wait-2', 2000, 7000],
      ['attempt-2', 7000, 9000],
      ['step-0', 7000, 7300],
      ['step-1', 7300, 8900],
    ]);
  });

  it('goes on to this moment while the task waits or is worked on', () => {
    const waiting = waterfall(task({ state: 'Queued', attempt: 0 }), [], [], [], 4000);
    expect(waiting.bars).toMatchObject([{ key: 'wait-1', fromMs: 1000, toMs: 4000, isOpen: true }]);
    const running = waterfall(task({ state: 'Running' }), [attempt(1, 1200, undefined, 'Open')], [], [], 4000);
    expect(running.bars.at(-1)).toMatchObject({ key: 'attempt-1', toMs: 4000, isOpen: true });
  });

  it('never runs backwards when the clock of this machine is behind the clock of the hub', () => {
    const { bars, fromMs, toMs } = waterfall(
      task({ state: 'Running' }),
      [attempt(1, 1200, undefined, 'Open')],
      [],
      [],
      500,
    );
    expect(toMs).toBeGreaterThan(fromMs);
    for (const bar of bars) expect(bar.toMs).toBeGreaterThanOrEqual(bar.fromMs);
  });

  it('has an axis of a few round times', () => {
    expect(ticksOf(1000)).toEqual([0, 500, 1000]);
    expect(ticksOf(8300)).toEqual([0, 5000]);
    expect(ticksOf(1)).toEqual([0, 1]);
  });
});
