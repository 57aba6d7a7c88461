import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DbConnection } from '../bindings/index.ts';
import { TestHub } from '../limbs/testing/hub.ts';
import { descendants } from './support/descendants.ts';
import { type EndlessModel, startEndlessModel } from './support/endless-model.ts';
import { until } from './support/hub.ts';
import { type HelixProcess, startHelix } from './support/process.ts';

// Work that would never end, by a real limb process with its sandbox: what is cancelled, or has no budget left, ends.

describe('work that is cancelled or has no budget left', { timeout: 180_000 }, () => {
  let hub: TestHub;
  let owner: DbConnection;
  let model: EndlessModel;
  let limb: HelixProcess;
  let canRunPython = false;
  let isContainer = false;

  beforeAll(async () => {
    hub = await TestHub.open();
    owner = hub.owner;
    model = await startEndlessModel();
    limb = startHelix(['limb', 'start', '--hub', hub.address.url, '--name', 'real', '--capacity', '8'], {
      HELIX_HOME: join(hub.folder, 'home'),
      HELIX_PAIR_CODE: await hub.pairCode(),
      HELIX_LLM_BASE_URL: model.url,
      HELIX_LLM_MODEL: 'endless',
    });
    const row = await hub.until(() => [...owner.db.limbs.iter()].find(({ online }) => online));
    canRunPython = row.skills.includes('run_python');
    isContainer = row.sandbox.startsWith('docker');
  }, 180_000);

  afterAll(async () => {
    await limb?.stop();
    await model?.close();
    await hub?.close();
  }, 60_000);

  const endless = 'import sys\nprint("looping", flush=True)\nwhile True: pass';

  async function loop(): Promise<bigint> {
    const id = await hub.submit('run_python', { code: endless, timeoutMs: 120_000 });
    await hub.until(() => hub.progress(id).find((line) => line === 'looping'));
    return id;
  }

  /** Those of the sandbox, as far as it runs on this machine and not in a container engine. */
  const pythons = () => descendants(limb.child.pid ?? 0).filter((command) => /main\.py|pyodide|bwrap/.test(command));

  it('a cancelled question lets go of its model at once', async () => {
    const id = await hub.submit('reason', { question: 'How long?' });
    await hub.reaches(id, 'Running');
    await hub.until(() =>
      [...owner.db.progress.iter()].find((piece) => piece.taskId === id && /and so/.test(piece.text)),
    );
    await owner.reducers.cancelTask({ taskId: id });
    await model.abandoned();
    expect(hub.task(id)?.state.tag).toBe('Cancelled');
    await limb.line(new RegExp(`Task ${id} dropped`));
    expect(hub.summary(id)).toBeUndefined();
  });

  it('cancelled programs are stopped, and others have their places', async (context) => {
    if (!canRunPython) context.skip('no sandbox on this machine');
    const idle = pythons().length;
    const ids: bigint[] = [];
    // More than may run at once: if one went on, a later one would wait for its two minutes.
    for (let i = 0; i <= availableParallelism(); i++) {
      const id = await loop();
      ids.push(id);
      expect(isContainer || pythons().length > idle).toBe(true);
      await owner.reducers.cancelTask({ taskId: id });
    }
    await until('no program runs any more', () => pythons().length <= idle);
    const after = await hub.submit('run_python', { code: 'print("at last")' });
    await hub.reaches(after, 'Done');
    expect(hub.summary(after)?.body.text).toBe('at last');
    expect(ids.map((id) => hub.task(id)?.state.tag)).toEqual(ids.map(() => 'Cancelled'));
  });

  it('a program whose budget of seconds is used up ends with what it has printed, and the reason', async (context) => {
    if (!canRunPython) context.skip('no sandbox on this machine');
    await owner.reducers.setBudget({
      tenantId: 1n,
      scope: { tag: 'Tenant' },
      subject: '',
      unit: { tag: 'Seconds' },
      period: { tag: 'Total' },
      bound: 2n,
    });
    const id = await loop();
    await hub.reaches(id, 'Done');
    const { body } = await hub.until(() => hub.summary(id));
    expect(body).toMatchObject({ text: 'looping', exitCode: undefined });
    expect(body.note).toMatch(/^Unfinished: the tenant's seconds are short by 2 \(bound 2\)/);
    const [budget] = await budgets();
    expect(budget).toMatchObject({ spent: 2n, reserved: 0n });
    const refused = await hub.submit('run_python', { code: 'print("never")' });
    await hub.reaches(refused, 'Done');
    expect((await hub.until(() => hub.summary(refused))).body).toMatchObject({
      text: '(no output)',
      note: expect.stringMatching(/^Unfinished: the tenant's seconds are short by 1/),
    });
  });

  async function budgets() {
    await new Promise<void>((resolve) => {
      owner
        .subscriptionBuilder()
        .onApplied(() => resolve())
        .subscribe('SELECT * FROM budgets');
    });
    return [...owner.db.budgets.iter()];
  }
});
