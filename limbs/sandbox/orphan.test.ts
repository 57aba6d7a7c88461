import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bundle, bundle } from './testing/bundle.ts';
import { describeEachEngine, isContainer } from './testing/engines.ts';
import { descendantsOf, processesMarked } from './testing/host.ts';

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
    const mark = `helix-orphan-${process.pid}-${Date.now()}`;
    const limb = spawn(process.execPath, [programs.path('endless'), engine.name, mark], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(String(await once(limb.stdout, 'data'))).toBe('begun\n');
    // What runs in a container is no child of the limb: its own mark names it.
    const children = () => (isContainer(engine) ? processesMarked(mark).map(Number) : descendantsOf(limb.pid ?? 0));
    const begun = children();
    expect(begun.length).toBeGreaterThan(0);
    limb.kill('SIGKILL');
    await once(limb, 'exit');
    // A limb that starts again removes what containers are left.
    if (isContainer(engine)) await engine.probe();
    const alive = () => begun.filter((pid) => existsSync(`/proc/${pid}`));
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });
});
