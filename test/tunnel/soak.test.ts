import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DbConnection } from '../../bindings/index.ts';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { buildCountingLimb, startCountingLimb, submitCounts } from '../support/counting-limbs.ts';
import { startTestHub, subscribe, type TestHub, until } from '../support/hub.ts';
import { openThrough, type Through } from './through.ts';

const killCount = 50;
const taskCount = 300;

describe('a tunnel whose program is killed 50 times', { timeout: 120_000 }, () => {
  let hub: TestHub;
  let owner: DbConnection;
  let through: Through;
  let limb: ChildProcess;
  let ledger: string;
  beforeAll(async () => {
    await buildCountingLimb();
    hub = await startTestHub();
    owner = await hub.connect(hub.host.operator.token);
    await subscribe(owner, 'SELECT * FROM tasks', 'SELECT * FROM summaries');
    ledger = join(hub.folder, 'ledger');
    writeFileSync(ledger, '');
    through = await openThrough({ hub: Number(new URL(hub.host.url).port) }, { pairing: true });
    limb = await startCountingLimb(owner, through.address, { folder: join(hub.folder, 'limb'), ledger, waitMs: 20 });
  });
  afterAll(async () => {
    limb?.kill('SIGKILL');
    await through?.close();
    await hub?.close();
  });

  const done = () => [...owner.db.tasks.iter()].filter(({ state }) => state.tag === 'Done').length;

  it('loses no task of a limb that works through it', async () => {
    await submitCounts(owner, 0, taskCount);
    for (let kill = 1; kill <= killCount; kill++) {
      const program = programOf();
      expect(program).toBeDefined();
      process.kill(program ?? 0, 'SIGKILL');
      await until(
        `it is up again after kill ${kill}`,
        () => {
          const { state, restartCount } = through.tunnel.status;
          return state === 'up' && restartCount >= kill;
        },
        30_000,
      );
    }
    expect(through.tunnel.status.restartCount).toBe(killCount);
    await until('every task is done', () => done() === taskCount, 90_000);
    const worked = new Set(readFileSync(ledger, 'utf8').split('\n').filter(Boolean).map(Number));
    expect(worked.size).toBe(taskCount);
    expect([...owner.db.summaries.iter()].length).toBe(taskCount);
  });
});

function programOf(): number | undefined {
  return descendantsOf(process.pid).find((pid) => commandOf(pid)[1]?.endsWith('relay-client.js'));
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
