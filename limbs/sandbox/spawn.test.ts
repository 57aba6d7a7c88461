import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnConfined } from './spawn.ts';
import { type Bundle, bundle } from './testing/bundle.ts';
import { userForRun } from './user.ts';

let programs: Bundle;
beforeAll(async () => {
  programs = await bundle({ leaky: 'limbs/sandbox/testing/leaky.ts' });
});
afterAll(() => programs.remove());

it.runIf(existsSync('/proc/self/fdinfo') && existsSync('/bin/bash'))(
  'passes on no descriptor that the limb inherited',
  () => {
    const script = 'exec 4</etc/hostname 20</etc/hostname 300>>/dev/kmsg 301</etc/passwd; exec "$0" "$1"';
    const seen = execFileSync('/bin/bash', ['-c', script, process.execPath, programs.path('leaky')], {
      encoding: 'utf8',
    });
    expect(seen).toContain('/dev/null');
    expect(seen).not.toMatch(/hostname|passwd|kmsg/);
  },
);

it('tells that a program could not be started', async () => {
  const confined = spawnConfined({ command: '/nowhere/program', args: [], user: userForRun() });
  await expect(confined.ended).rejects.toMatchObject({ code: 'sandbox-failed' });
  confined.kill();
});

it('ends a program with its children, though they ignore signals', async () => {
  const confined = spawnConfined({
    command: '/bin/sh',
    args: ['-c', 'trap "" TERM INT HUP; (while :; do :; done) & echo started; while :; do :; done'],
    user: userForRun(),
  });
  confined.stderr.resume();
  confined.stdout.once('data', () => confined.kill());
  expect(await confined.ended).toMatchObject({ signal: 'SIGKILL' });
});
