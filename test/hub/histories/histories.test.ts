import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import type { Step } from '../step.ts';
import { pins } from './pins.ts';
import { checkInvariants, openWorld, type World } from './promises.ts';
import { history } from './steps.ts';

// Limbs that race, stall, go away, come back, start anew and report on what they no longer hold, while the hub crashes and
// its clock jumps. After every few steps the tables are compared with what must hold of them whatever happened.
// HELIX_HISTORIES says how many histories are tried.

const historyCount = Number(process.env['HELIX_HISTORIES'] ?? 25);

let world: World | undefined;

beforeAll(async () => {
  world = await openWorld(undefined);
});

describe('the mesh keeps its promises', () => {
  it.each(pins)('when $shows', async ({ steps }) => {
    await run(steps);
  });

  it('in any history', { timeout: 3_600_000 }, async () => {
    await fc.assert(fc.asyncProperty(history, run), { numRuns: historyCount });
  });
});

async function run(steps: readonly Step<World>[]): Promise<void> {
  world = await openWorld(world);
  for (const [at, one] of steps.entries()) {
    await one.act(world);
    if (at % 4 === 3 || at === steps.length - 1) checkInvariants(world);
  }
}
