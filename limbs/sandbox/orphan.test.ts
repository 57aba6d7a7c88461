import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bundle, bundle } from './testing/bundle.ts';
import { describeEachEngine } from './testing/engines.ts';
import { descendantsOf } from './testing/host.ts';

let programs: Bundle;
beforeAll(async () => {
  programs = await bundle({
    endless: 'limbs/sandbox/testing/endless.ts',
    'pyodide-child': 'limbs/sandbox/pyodide/child.mjs',
  });
});
afterAll(() => programs.remove());

await describeEachEngine('a limb that is killed', (engine) => {
  it('leaves no process of a run behind', async () => {
    const limb = spawn(process.execPath, [programs.path('endless'), engine.name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(String(await once(limb.stdout, 'data'))).toBe('begun\n');
    const children = descendantsOf(limb.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    limb.kill('SIGKILL');
    const alive = () => children.filter((pid) => existsSync(`/proc/${pid}`));
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });
});
