import { describe, expect, it } from 'vitest';
import { runHistory } from './history.ts';

// HELIX_SEED=… replays one history; HELIX_CRASH_HISTORIES=… runs more of them.
const seeds = seedsOf(process.env['HELIX_SEED'], process.env['HELIX_CRASH_HISTORIES']);

describe('the log and the engine over a simulated disk', () => {
  it('[CRASH1] lose nothing that was confirmed, whatever fails and whenever the machine stops', async () => {
    const sums = { calls: 0, stops: 0, faults: 0, snapshots: 0, trimmed: 0 };
    const losses: string[] = [];
    for (const seed of seeds) {
      const result = await runHistory({ seed });
      sums.calls += result.callCount;
      sums.stops += result.stopCount;
      sums.faults += result.faultCount;
      sums.snapshots += result.snapshotCount;
      sums.trimmed += result.trimmedCount;
      losses.push(...result.losses.map((loss) => `HELIX_SEED=${seed}: ${loss}`));
      if (losses.length > 0) break;
    }
    const { calls, stops, faults, snapshots, trimmed } = sums;
    console.log(
      `${seeds.length} crash histories: ${calls} calls, ${stops} stops, ${faults} faults injected, ` +
        `${snapshots} starts from snapshots, ${trimmed} from a trimmed log, losses: ${losses.length}`,
    );
    expect(losses).toEqual([]);
    if (seeds.length > 1) expect(Math.min(snapshots, trimmed)).toBeGreaterThan(0);
  }, 600_000);

  it('[CRASH2] the checker notices a disk that says too early that a change is durable', async () => {
    let noticed = 0;
    for (let seed = 1; seed <= 20; seed++) {
      if ((await runHistory({ seed, isLying: true })).losses.length > 0) noticed += 1;
    }
    expect(noticed).toBeGreaterThanOrEqual(5);
  });
});

function seedsOf(seed: string | undefined, count: string | undefined): number[] {
  if (seed !== undefined) return [Number(seed)];
  return Array.from({ length: Number(count ?? 2000) }, (_, i) => i + 1);
}
