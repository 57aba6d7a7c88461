import { expect, it } from 'vitest';
import { spawnConfined } from './spawn.ts';
import { userForRun } from './user.ts';

const isRoot = process.getuid?.() === 0;

it.runIf(isRoot)('gives root another user for each run, outside of every range in use', () => {
  const users = Array.from({ length: 20 }, () => userForRun());
  expect(new Set(users.map((user) => user?.uid)).size).toBe(20);
  for (const user of users) {
    expect(user?.uid).toBeGreaterThanOrEqual(0x7000_0000);
    expect(user?.gid).toBe(user?.uid);
  }
});

it.runIf(isRoot)('takes a user of the lower range where the higher is not mapped', () => {
  const user = userForRun(({ uid }) => uid < 65_536);
  expect(user?.uid).toBeGreaterThanOrEqual(40_000);
  expect(user?.uid).toBeLessThan(60_000);
});

it.runIf(isRoot)('refuses where root can become nobody else', () => {
  expect(() => userForRun(() => false)).toThrow(/start the limb as an ordinary user/);
});

it.runIf(!isRoot)('keeps an ordinary user', () => {
  expect(userForRun()).toBeUndefined();
});

it('starts programs without rights, groups or environment', async () => {
  const user = userForRun();
  const confined = spawnConfined({ command: '/bin/sh', args: ['-c', 'env; cat /proc/self/status'], user });
  let output = '';
  confined.stdin.end();
  confined.stderr.resume();
  confined.stdout.on('data', (bytes) => {
    output += bytes;
  });
  expect(await confined.ended).toEqual({ code: 0, signal: null });
  expect(output).toMatch(/^PWD=\/\n(?:OLDPWD=.*\n)?Name:/);
  expect(output).toMatch(/^CapEff:\t0{16}$/m);
  if (user) expect(output).toMatch(new RegExp(`^Uid:\\t${user.uid}\\t${user.uid}\\t${user.uid}\\t${user.uid}$`, 'm'));
  if (user) expect(output).toMatch(/^Groups:\t\s*$/m);
});
