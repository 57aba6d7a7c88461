import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectTo, subscribe } from './support/hub.ts';
import { type HelixProcess, startHubProcess } from './support/process.ts';

let folder: string;
let hub: HelixProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-crash-'));
});
afterEach(async () => {
  await hub?.kill();
  rmSync(folder, { recursive: true });
});

describe('a hub that is killed in the middle of 1,000 submissions', () => {
  it('has every submission that it acknowledged after a restart', async () => {
    const data = join(folder, 'hub');
    const started = await startHubProcess(data);
    hub = started.hub;
    const token = readFileSync(join(data, 'operator.token'), 'utf8').trim();
    const owner = await connectTo(started.url, token);

    const acknowledged = new Set<string>();
    const submissions = Array.from({ length: 1000 }, async (_, i) => {
      const reference = `task-${i}`;
      const submit = { tenantId: 1n, skill: 'reason', title: reference, input: '{}', reference, terms: undefined };
      await owner.reducers.submitTask(submit);
      acknowledged.add(reference);
      if (acknowledged.size === 400) hub?.child.kill('SIGKILL');
    });
    const race = Promise.allSettled(submissions);
    await hub.exited;
    owner.disconnect();
    await Promise.race([race, new Promise((resolve) => setTimeout(resolve, 1000))]);
    expect(acknowledged.size).toBeGreaterThanOrEqual(400);

    const restarted = await startHubProcess(data);
    hub = restarted.hub;
    const again = await connectTo(restarted.url, token);
    await subscribe(again, 'SELECT * FROM tasks');
    const kept = new Set([...again.db.tasks.iter()].map(({ reference }) => reference));
    again.disconnect();
    expect([...acknowledged].filter((reference) => !kept.has(reference))).toEqual([]);
  });
});
