import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readEntries } from '../../limbs/index.ts';
import { TestHub } from '../../limbs/testing/hub.ts';
import { buildCountingLimb, type CountingLimbOptions, startCountingLimb } from '../support/counting-limbs.ts';
import { type Outpost, openOutpost, outpostLack } from './outpost.ts';

// A limb is lost without a word and comes back: its task is another's by then, done once, and what it reports late is
// refused, whatever it says. Then it goes on.

const lack = outpostLack();
const patience = { timeout: 60_000 };

beforeAll(buildCountingLimb);

describe('a limb that is lost without a word', { timeout: 120_000 }, () => {
  let hub: TestHub;
  let outpost: Outpost | undefined;
  const limbs: ChildProcess[] = [];
  const folderOf = (name: string) => join(hub.folder, name);
  const ledger = () => join(hub.folder, 'ledger');

  afterEach(async () => {
    for (const limb of limbs.splice(0)) {
      limb.kill('SIGCONT');
      limb.kill('SIGKILL');
    }
    await hub.close();
    await outpost?.close();
    outpost = undefined;
  });

  it('because its process is stopped, reports too late when it goes on', async () => {
    hub = await TestHub.open();
    // It goes on in the middle of its work, which it ends before it looks at what has happened meanwhile.
    const first = await start('first', { busyMs: 4000 });
    const id = await begin();
    first.kill('SIGSTOP');
    const reportCount = (await reports(id)).length;
    const second = await takenOver(id);
    first.kill('SIGCONT');
    await expect.poll(() => reports(id), patience).not.toHaveLength(reportCount);
    await goesOn(second, id);
  });

  it.skipIf(lack)(`because its cable is pulled, reports too late when it is back ${lack ?? ''}`, async () => {
    outpost = await openOutpost();
    hub = await TestHub.open(outpost.address);
    await start('first', { waitMs: 8000, command: outpost.command });
    const id = await begin();
    await answered(id);
    // That it has started; the next report is that it is done.
    expect(await reports(id)).toHaveLength(1);
    outpost.pull();
    const second = await takenOver(id);
    await expect.poll(() => reports(id), patience).toHaveLength(2);
    outpost.plugIn();
    await goesOn(second, id);
  });

  async function start(name: string, options: Partial<CountingLimbOptions> = {}): Promise<ChildProcess> {
    writeFileSync(ledger(), '', { flag: 'a' });
    const where = { folder: folderOf(name), ledger: ledger() };
    const limb = await startCountingLimb(hub.owner, hub.address.url, { ...where, ...options });
    limbs.push(limb);
    return limb;
  }

  /** Submits a task and waits until a limb works on it. */
  async function begin(): Promise<bigint> {
    const id = await hub.submit('count', { number: 1 });
    await hub.until(() => (ledgerNumbers().includes(1) ? true : undefined));
    return id;
  }

  /** Waits until the first limb has the hub's answer to its first report: it comes before a later task, which is taken back. */
  async function answered(id: bigint): Promise<void> {
    await hub.until(() => (hub.progress(id).length > 0 ? true : undefined));
    const later = await hub.submit('count', { number: 0 });
    await hub.until(() => (ledgerNumbers().includes(0) ? true : undefined));
    await hub.owner.reducers.cancelTask({ taskId: later });
    await hub.reaches(later, 'Cancelled');
    writeFileSync(ledger(), '1\n');
  }

  /** Starts another limb, which does the task. */
  async function takenOver(id: bigint): Promise<ChildProcess> {
    const second = await start('second');
    const task = await hub.reaches(id, 'Done');
    expect([task.attempt, ledgerNumbers()]).toEqual([2, [1, 1]]);
    return second;
  }

  /** What the first limb has told the hub of its attempt at a task. */
  async function reports(taskId: bigint): Promise<unknown[]> {
    const own = z.object({ taskId: z.literal(`${taskId}`), attempt: z.literal(1) });
    const found: unknown[] = [];
    for await (const { entry } of readEntries(join(folderOf('first'), 'egress'))) {
      if (own.safeParse(entry?.payload).success) found.push(entry);
    }
    return found;
  }

  /** The first limb alone does the next task; its late report has changed nothing. */
  async function goesOn(second: ChildProcess, id: bigint): Promise<void> {
    second.kill('SIGKILL');
    const next = await hub.submit('count', { number: 2 });
    await hub.reaches(next, 'Done');
    expect([hub.summary(id)?.attempt, hub.summary(next)?.limb]).toEqual([2, hub.task(next)?.limb]);
    expect(hub.summary(id)?.limb).not.toEqual(hub.summary(next)?.limb);
    expect(ledgerNumbers()).toEqual([1, 1, 2]);
  }

  function ledgerNumbers(): number[] {
    return readFileSync(ledger(), 'utf8').split('\n').filter(Boolean).map(Number);
  }
});
