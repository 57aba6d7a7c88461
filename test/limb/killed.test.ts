import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allEngines } from '../../limbs/sandbox/choose.ts';
import { findContainerHost } from '../../limbs/sandbox/container/find.ts';
import { ownerLabel } from '../../limbs/sandbox/container/options.ts';
import type { EngineName } from '../../limbs/sandbox/engine.ts';
import { descendantsOf, processesMarked } from '../../limbs/sandbox/testing/host.ts';
import { TestHub } from '../../limbs/testing/hub.ts';
import { type HelixProcess, helixCommand, startProgram } from '../support/process.ts';

const engines = allEngines();
const probes = await Promise.all(engines.map((engine) => engine.probe()));
const reasons = new Map(
  engines.map(({ name }, i) => [name, probes[i]?.present === false ? probes[i].reason : undefined]),
);
await Promise.all(engines.map((engine) => engine.close()));

/** Hides stronger engines, so that the limb takes the one that is meant. */
const without: Record<EngineName, { readonly environment: Record<string, string>; readonly programs: string[] }> = {
  docker: { environment: {}, programs: [] },
  podman: { environment: {}, programs: [] },
  bubblewrap: { environment: { HELIX_SANDBOX_ENGINE: '/nowhere' }, programs: [] },
  pyodide: { environment: { HELIX_SANDBOX_ENGINE: '/nowhere' }, programs: ['/usr/bin/bwrap'] },
};

describe.each([...reasons])('a limb whose engine is %s, killed in the middle of a run', (engine, reason) => {
  const isRoot = process.getuid?.() === 0;
  const lack = reason ?? (engine === 'pyodide' && !isRoot ? 'only root can hide bubblewrap' : undefined);
  if (lack !== undefined) {
    it.skip(`SKIPPED: ${lack}`, () => {});
    return;
  }

  const isContainer = engine === 'docker' || engine === 'podman';
  let hub: TestHub;
  let temporary: string;
  beforeAll(async () => {
    hub = await TestHub.open();
    temporary = join(hub.folder, 'tmp');
    mkdirSync(temporary, { mode: 0o1777 });
  }, 60_000);
  afterAll(() => hub.close());

  it('has left no process, mount, container or file behind once it has started again', async () => {
    const mountsBefore = mounts();
    const mark = `helix-killed-${randomUUID()}`;
    const limb = await startLimb(await hub.pairCode());
    const id = await hub.submit('run_python', { code: endless(mark), timeoutMs: 100_000 });
    await hub.until(() => hub.progress(id).find((line) => line === 'begun'));
    const begun = [...descendantsOf(limb.child.pid ?? 0), ...processesMarked(mark).map(Number)];
    expect(begun.length).toBeGreaterThan(1);
    if (isContainer) expect(await containersOf(begun)).toBeGreaterThan(0);

    await limb.kill();
    await hub.owner.reducers.cancelTask({ taskId: id });
    const again = await startLimb('');
    await expect.poll(() => begun.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
    expect(processesMarked(mark)).toEqual([]);
    expect(mounts()).toEqual(mountsBefore);
    if (isContainer) expect(await containersOf(begun)).toBe(0);
    const next = await hub.submit('run_python', { code: 'print("next")' });
    expect(await hub.reaches(next, 'Done', 'Failed')).toMatchObject({ state: { tag: 'Done' } });
    expect(await again.stop()).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  }, 120_000);

  async function startLimb(pairCode: string): Promise<HelixProcess> {
    const { environment, programs } = without[engine];
    const command = [...helixCommand, 'limb', 'start', '--hub', hub.address.url, '--skills', 'run_python'];
    const hide = `${programs.map((path) => `mount --bind /dev/null ${path} && `).join('')}exec "$@"`;
    const [program = '', ...args] =
      programs.length === 0 ? command : ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', hide, 'sh', ...command];
    const limb = startProgram(program, args, {
      HELIX_HOME: join(hub.folder, 'home'),
      HELIX_PAIR_CODE: pairCode,
      TMPDIR: temporary,
      ...environment,
    });
    const [, used] = await limb.line(/Sandbox: (\w+) /);
    expect(used).toBe(engine);
    await limb.line(/Connected to/);
    return limb;
  }
});

/** Says that it has begun and never ends; where there are processes, one more that carries a mark and ignores signals. */
function endless(mark: string): string {
  return `
import os, sys
if sys.platform != 'emscripten' and os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, '-c', 'while True: pass', ${JSON.stringify(mark)}])
print('begun')
while True: pass`;
}

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ').slice(3, 5).join(' '))
    .filter((line) => line.includes('helix') || line.includes('/tmp'))
    .sort();
}

/** How many containers belong to one of the processes. */
async function containersOf(pids: readonly number[]): Promise<number> {
  const { docker } = await findContainerHost();
  const containers = await docker.listContainers({ all: true, filters: { label: [ownerLabel] } });
  return containers.filter(({ Labels }) => pids.includes(Number(Labels[ownerLabel]?.split(' ')[0]))).length;
}
