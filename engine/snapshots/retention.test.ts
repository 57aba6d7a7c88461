import { describe, expect, it } from 'vitest';
import { planTrim } from './retention.ts';

const segments = [0, 10, 20, 30, 40, 50, 60].map((firstOffset) => ({ firstOffset }));
/** Each became older than a moment that is ten times its offset. */
const snapshots = [5, 15, 25, 35, 45, 55].map((offset) => ({ offset, micros: BigInt(offset * 10) }));

function spare(keepMicros: bigint | undefined, nowMicros = 600n): { snapshots: number[]; segments: number[] } {
  const plan = planTrim(snapshots, segments, { keepMicros, nowMicros });
  return {
    snapshots: plan.snapshots.map(({ offset }) => offset),
    segments: plan.segments.map(({ firstOffset }) => firstOffset),
  };
}

describe('retention', () => {
  it('[SNAP5] without a time to keep, every segment stays and the two newest snapshots', () => {
    expect(spare(undefined)).toEqual({ snapshots: [5, 15, 25, 35], segments: [] });
  });

  it('[SNAP5] history is kept from a snapshot on that is older than the time to keep', () => {
    // 600 - 320 = 280: the snapshot before commit 25 is the newest that is older, and begins in the segment of commit 20.
    expect(spare(320n)).toEqual({ snapshots: [5, 15], segments: [0, 10] });
  });

  it('[SNAP5] of the snapshots in between, one is kept for each part of the time', () => {
    expect(spare(580n)).toEqual({ snapshots: [15, 35], segments: [] });
  });

  it('[SNAP5] with nothing to keep, the two newest snapshots and what follows them stay', () => {
    expect(spare(0n)).toEqual({ snapshots: [5, 15, 25, 35], segments: [0, 10, 20, 30] });
  });

  it('[SNAP5] one snapshot alone lets nothing go', () => {
    const plan = planTrim([{ offset: 55, micros: 1n }], segments, { keepMicros: 0n, nowMicros: 600n });
    expect(plan).toEqual({ snapshots: [], segments: [] });
  });
});
