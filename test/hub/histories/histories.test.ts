import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Step } from '../step.ts';
import { history } from './history.ts';
import { pins } from './pins.ts';
import { checkPromises } from './promises/index.ts';
import { goBack, makeWorld, type World } from './world.ts';

// Limbs that race, stall, go away, come back, start anew and report on what they no longer hold, while cables are cut, the
// hub loses power and its clock jumps. After every few steps the tables are compared with what must hold of them whatever
// happened. HELIX_HISTORIES says how many histories are tried.

const historyCount = Number(process.env['HELIX_HISTORIES'] ?? 400);
const stepsBetweenChecks = 5;

let world: World;
let violationCount = 0;

beforeAll(async () => {
  world = await makeWorld();
});

afterAll(() => {
  console.log(`mesh histories: ${world.figures}; violations: ${violationCount}`);
});

describe('the mesh keeps its promises', () => {
  it.each(pins)('when $shows', ({ steps }) => run(steps));

  it('in any history with a limb that stalls', { timeout: 3_600_000 }, async () => {
    await fc.assert(fc.asyncProperty(history, run), { numRuns: historyCount });
  });
});

async function run(steps: readonly Step<World>[]): Promise<void> {
  world = await goBack(world);
  world.figures.add('histories');
  world.figures.add('steps', steps.length);
  try {
    for (const [at, one] of steps.entries()) {
      await one.act(world);
      const isDue = at % stepsBetweenChecks === stepsBetweenChecks - 1 || at === steps.length - 1;
      if (isDue) checkPromises(world);
    }
  } catch (error) {
    violationCount += 1;
    throw error;
  }
}
