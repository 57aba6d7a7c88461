import { describe, expect, it } from 'vitest';
import { Figures, tell } from '../support/figures.ts';
import { runHistory } from './history.ts';
import { pinnedSeeds } from './pinned-seeds.ts';

// HELIX_SEED=… replays one history; HELIX_CRASH_HISTORIES=… runs more of them.
const replayed = process.env['HELIX_SEED'];
const count = Number(process.env['HELIX_CRASH_HISTORIES'] ?? 2000);
const seeds = replayed === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(replayed)];

function replayOf(seed: number): string {
  return `HELIX_SEED=${seed} npx vitest run test/crash/histories.test.ts`;
}

describe('the whole engine on simulated hardware', () => {
  it('[CRASH1] loses nothing that was confirmed, whatever fails and whenever the machine stops', async () => {
    const figures = new Figures();
    const losses: string[] = [];
    const all = replayed === undefined ? [...pinnedSeeds.map(({ seed }) => seed), ...seeds] : seeds;
    for (const seed of all) {
      const result = await runHistory({ seed });
      figures.addAll(result.figures);
      if (result.losses.length === 0) continue;
      losses.push(...result.losses);
      console.log(`seed ${seed} fails; this command replays it:\n  ${replayOf(seed)}`);
      break;
    }
    tell(`${all.length} crash histories: ${figures}; losses: ${losses.length}`);
    expect(losses).toEqual([]);
  }, 600_000);

  it.skipIf(replayed !== undefined)(
    '[CRASH2] the checker notices a disk that says too early that a change is durable',
    async () => {
      let noticed = 0;
      for (let seed = 1; seed <= 20; seed++) {
        if ((await runHistory({ seed, isLying: true })).losses.length > 0) noticed += 1;
      }
      expect(noticed).toBeGreaterThanOrEqual(5);
    },
  );

  it.skipIf(replayed !== undefined)('[CRASH5] the same seed is the same history', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { digest } = await runHistory({ seed });
      expect((await runHistory({ seed })).digest).toBe(digest);
    }
  });
});
