import { Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { Task } from '../live/model.ts';
import { minutesShown, recordOf } from './record.ts';

const at = (ms: number): Timestamp => new Timestamp(BigInt(ms) * 1000n);
const minuteMs = 60_000;
const nowMs = 100 * minuteMs + 5000;

function task(limb: string, state: Task['state']['tag'], times: readonly [number, number?, number?]): Task {
  const [submitted, claimed, finished] = times;
  return {
    limb: { toHexString: () => limb },
    state: { tag: state },
    attempt: 1,
    submittedAt: at(submitted),
    claimedAt: claimed === undefined ? undefined : at(claimed),
    finishedAt: finished === undefined ? undefined : at(finished),
  } as Task;
}

describe('the record of a limb', () => {
  it('tells what it works on, how fast it is, and when it ended tasks', () => {
    const start = nowMs - 2 * minuteMs;
    const record = recordOf(
      [
        task('a', 'Running', [nowMs - 10, nowMs - 5]),
        task('b', 'Done', [start, start + 1, start + 9999]),
        task('a', 'Done', [start, start + 10, start + 210]),
        task('a', 'Failed', [start, start + 30, start + 130]),
        task('a', 'Done', [start, start + 20, start + 320]),
      ],
      'a',
      nowMs,
    );
    expect(record.current).toHaveLength(1);
    expect([record.waitMs, record.workMs]).toEqual([20, 200]);
    expect(record.ended.length).toBe(minutesShown);
    expect(record.ended.slice(-4)).toEqual([0, 3, 0, 0]);
  });

  it('tells no figures of a limb that has done nothing', () => {
    expect(recordOf([], 'a', nowMs)).toMatchObject({ current: [], waitMs: undefined, workMs: undefined });
  });
});
