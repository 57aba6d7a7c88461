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
  const made = Array.from({ length: 20 }, () => codes.create(owner));
  expect(await codes.redeem(oldest)).toBeUndefined();
  expect(await codes.redeem(made[0] ?? '')).toBeDefined();
});

test('[TOKEN6] nobody pushes out the codes of others, however many identities they use', async () => {
  const { clock, owner, codes } = await opened();
  const link = codes.create(owner);
  const stranger = (i: number) => ({ ...owner, identity: BigInt(i + 1) });
  const flood = () => {
    for (let i = 0; i < 10_001; i++) codes.create(stranger(i));
  };
  expect(flood).toThrow('Too many one-time codes are open at the moment: try again in a few minutes.');
  expect(() => codes.create(owner)).toThrow('try again in a few minutes');
  expect((await codes.redeem(codes.create(owner, true)))?.identity).toBe(owner.identity);
  expect((await codes.redeem(link))?.identity).toBe(owner.identity);
  clock.ms += 15 * 60 * 1000;
  expect((await codes.redeem(codes.create(owner)))?.identity).toBe(owner.identity);
});
