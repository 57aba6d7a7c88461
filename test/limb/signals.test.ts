import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { TestHub } from '../../limbs/testing/hub.ts';
import { type HelixProcess, startHelix } from '../support/process.ts';

const apiKey = 'sk-key-of-the-test-0123456789';

describe('a limb that is asked to end', () => {
  let hub: TestHub;
  let pairCode: string;
  let home: string;
  beforeAll(async () => {
    hub = await TestHub.open();
    pairCode = await hub.pairCode();
    home = join(hub.folder, 'home');
  }, 60_000);
  afterAll(() => hub.close());

  it('lets a program come to its end, says all in JSON without a secret, and ends', async () => {
    const limb = await startLimb('--drain', '30');
    const code = 'import time\nprint("begun", flush=True)\ntime.sleep(1)\nprint("finished")';
    const id = await hub.submit('run_python', { code, timeoutMs: 60_000 });
    await hub.until(() => hub.progress(id).find((line) => line === 'begun'));
    expect(await limb.stop()).toBe(0);
    await hub.reaches(id, 'Done');
    const { attempt, body } = await hub.until(() => hub.summary(id));
    expect([attempt, body.text]).toEqual([1, 'begun\nfinished']);

    const lines = limb.output().split('\n');
    for (const line of lines) {
      const entry = JSON.parse(line);
      expect(Object.keys(entry)).toEqual(['time', 'level', 'message']);
    }
    expect(limb.output()).toContain('Stopping: 1 task may go on for 30 s');
    const token = readFileSync(join(home, 'limb/token'), 'utf8').trim();
    for (const secret of [apiKey, pairCode, token]) expect(limb.output()).not.toContain(secret);
  }, 90_000);

  it('ends at once when it is asked again, with all that it runs', async () => {
    const limb = await startLimb('--drain', '3600');
    const code = 'print("begun")\nwhile True: pass';
    const id = await hub.submit('run_python', { code, timeoutMs: 100_000 });
    await hub.until(() => hub.progress(id).find((line) => line === 'begun'));
    const children = descendantsOf(limb.child.pid ?? 0);
    limb.child.kill('SIGTERM');
    await limb.line(/Stopping: 1 task/);
    limb.child.kill('SIGTERM');
    await limb.exited;
    expect(limb.child.exitCode).toBe(130);
    await expect.poll(() => children.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
  }, 90_000);

  async function startLimb(...options: string[]): Promise<HelixProcess> {
    const limb = startHelix(['limb', 'start', '--hub', hub.address.url, '--log-format', 'json', ...options], {
      HELIX_HOME: home,
      HELIX_PAIR_CODE: pairCode,
      HELIX_LLM_BASE_URL: 'http://user:hunter22@127.0.0.1:9/v1',
      HELIX_LLM_MODEL: 'none',
      HELIX_LLM_API_KEY: apiKey,
    });
    await limb.line(/Connected to/);
    return limb;
  }
});
