import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestHub, subscribe, type TestHub } from './support/hub.ts';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => {
  await hub.close();
});

describe('the hub over the official SDK', () => {
  it('makes its publisher the owner of the first tenant', async () => {
    const owner = await hub.connect(hub.host.operator.token);
    await subscribe(owner, 'SELECT * FROM tenants', 'SELECT * FROM members');
    expect([...owner.db.tenants.iter()].map(({ name }) => name)).toEqual(['local']);
    expect([...owner.db.members.iter()].map(({ role }) => role.tag)).toEqual(['Owner']);
  });

  it('submits a task that appears at once', async () => {
    const owner = await hub.connect(hub.host.operator.token);
    await subscribe(owner, 'SELECT * FROM tasks');
    await owner.reducers.submitTask({
      tenantId: 1n,
      skill: 'reason',
      title: 'What?',
      input: '{}',
      reference: 'r1',
      terms: undefined,
    });
    expect([...owner.db.tasks.iter()].map((t) => [t.title, t.state.tag])).toEqual([['What?', 'Queued']]);
  });
});
