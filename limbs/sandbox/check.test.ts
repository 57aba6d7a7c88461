import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { checkEngines } from './check.ts';
import type { SandboxEngine } from './engine.ts';
import { limitsOf } from './request.ts';
import { supervise } from './supervise.ts';

/** What must never be an engine: Python of the host, as it is. */
const noSandbox: SandboxEngine = {
  name: 'bubblewrap',
  level: 'jail',
  probe: async () => ({ present: true, detail: 'nothing holds' }),
  run: async (request) => {
    const child = spawn('python3', ['-c', request.code], { env: { ...process.env, HELIX_SECRET: 'x' } });
    child.stdin.end();
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.once('close', (code, signal) => resolve({ code, signal })),
    );
    const { stdin, stdout, stderr } = child;
    const confined = { stdin, stdout, stderr, ended, kill: () => child.kill('SIGKILL') };
    return supervise(confined, noSandbox, request, limitsOf(request), undefined);
  },
  close: async () => {},
};

test('the attacks of the check reach what they aim at where nothing holds them', async () => {
  const held: [string, boolean][] = [];
  // Those that could harm the machine itself are left out.
  const harmful = /without end|writes to the system|wrote|symbolic/;
  const [check] = await checkEngines(
    (_, { what, isHeld }) => held.push([what, isHeld]),
    [noSandbox],
    (what) => !harmful.test(what),
  );
  expect(check?.attacks.length).toBe(held.length);
  expect(held).toContainEqual(['reads a file of the host', false]);
  expect(held).toContainEqual(['reads secrets of the environment', false]);
  expect(held).toContainEqual(['connects to a server on this machine', false]);
});

test('each engine that is here is attacked, and each that is not says how to get it', async () => {
  const checks = await checkEngines(undefined, undefined, (what) => /file of the host$|never/.test(what));
  expect(checks.map(({ engine }) => engine)).toEqual(['docker', 'bubblewrap', 'pyodide']);
  for (const { probe, attacks } of checks) {
    if (probe.present) expect(attacks.map(({ isHeld }) => isHeld)).toEqual([true, true]);
    else expect(probe.install).toContain('Install it');
  }
}, 120_000);
