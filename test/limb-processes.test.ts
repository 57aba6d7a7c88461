import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DbConnection } from '../bindings/index.ts';
import { buildCountingLimb, startCountingLimb, submitCounts } from './support/counting-limbs.ts';
import { startTestHub, subscribe, type TestHub, until } from './support/hub.ts';

describe('limbs as processes of their own', { timeout: 120_000 }, () => {
  let hub: TestHub;
  let owner: DbConnection;
  let ledger: string;
  let limbs: ChildProcess[];

  beforeAll(buildCountingLimb);

  beforeEach(async () => {
    hub = await startTestHub();
    owner = await hub.connect(hub.host.operator.token);
    await subscribe(owner, 'SELECT * FROM tasks', 'SELECT * FROM limbs', 'SELECT * FROM summaries');
    ledger = join(hub.folder, 'ledger');
    writeFileSync(ledger, '');
    limbs = [];
  });

  afterEach(async () => {
    for (const limb of limbs) limb.kill('SIGKILL');
    await hub.close();
  });

  it('two of them race for 1,000 tasks, and each task is completed exactly once', async () => {
    for (const name of ['one', 'two']) limbs.push(await start(name));
    await submitCounts(owner, 0, 1000);
    await until('every task is done', () => tasksIn('Done').length === 1000, 90_000);

    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    expect(ledgerNumbers().sort((a, b) => a - b)).toEqual(numbers);
    expect([...owner.db.summaries.iter()].length).toBe(1000);
    expect([...owner.db.tasks.iter()].every(({ attempt }) => attempt === 1)).toBe(true);
    const workers = new Set([...owner.db.summaries.iter()].map(({ limb }) => limb.toHexString()));
    expect(workers.size).toBe(2);
  });

  it('when one is killed, its tasks are taken up by another within 5 s', async () => {
    const [first] = [await start('first', 60_000)];
    limbs.push(first);
    await submitCounts(owner, 0, 4);
    await until('the first limb holds all four', () => ledgerNumbers().length === 4);
    limbs.push(await start('second'));

    first.kill('SIGKILL');
    await until('the second limb has done them', () => tasksIn('Done').length === 4, 5000);
    expect([...owner.db.tasks.iter()].map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2]);
    expect([...owner.db.limbs.iter()].find(({ name }) => name === 'first')?.online).toBe(false);
  });

  async function start(name: string, waitMs = 0): Promise<ChildProcess> {
    return await startCountingLimb(owner, hub.host.url, { folder: join(hub.folder, name), ledger, waitMs });
  }

  function tasksIn(state: string) {
    return [...owner.db.tasks.iter()].filter((task) => task.state.tag === state);
  }

  function ledgerNumbers(): number[] {
    return readFileSync(ledger, 'utf8').split('\n').filter(Boolean).map(Number);
  }
});
