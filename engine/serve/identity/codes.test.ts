import { expect, test } from 'vitest';
import { nodeRandom } from '../../host/node/random.ts';
import { Authority } from './authority.ts';
import { OneTimeCodes } from './codes.ts';

async function opened() {
  const clock = { ms: 1_700_000_000_000, nowMs: () => clock.ms };
  const authority = await Authority.open({
    keys: { name: 'key', load: async () => undefined, save: async () => {} },
    clock,
  });
  return { clock, owner: await authority.mint(), codes: new OneTimeCodes(authority, clock, nodeRandom) };
}

test('[TOKEN6] a code is good for 15 minutes', async () => {
  const { clock, owner, codes } = await opened();
  const [early, late] = [codes.create(owner), codes.create(owner)];
  clock.ms += 15 * 60 * 1000 - 1;
  expect((await codes.redeem(early))?.identity).toBe(owner.identity);
  clock.ms += 1;
  expect(await codes.redeem(late)).toBeUndefined();
});

test('[TOKEN6] codes that nobody uses cost bounded memory', async () => {
  const { owner, codes } = await opened();
  const oldest = codes.create(owner);
  const made = Array.from({ length: 1000 }, () => codes.create(owner));
  expect(await codes.redeem(oldest)).toBeUndefined();
  expect(await codes.redeem(made[0] ?? '')).toBeDefined();
});
