import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/testing/cli.fixture.ts';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { TestHub } from '../../limbs/testing/hub.ts';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { openRelay, type Relay } from './relay.ts';

describe('a limb that keeps a tunnel', { timeout: 120_000 }, () => {
  let hub: TestHub;
  let relay: Relay;
  let limb: HelixProcess;
  beforeEach(async () => {
    hub = await TestHub.open();
    relay = await openRelay();
  });
  afterEach(async () => {
    await limb.stop();
    await relay.close();
    await hub.close();
  });

  it('tells its tenant the state, the address and the last error, and leaves nothing of it when it is killed', async () => {
    await hub.owner.subscriptionBuilder().subscribe('SELECT * FROM tunnels');
    const environment = { HELIX_HOME: join(hub.folder, 'home'), HELIX_PAIR_CODE: await hub.pairCode() };
    const custom = [
      'custom',
      '--name',
      'home',
      '--expose',
      'metrics:9',
      '--pattern',
      'gives (\\S+)',
      '--',
      ...relay.command,
    ];
    expect(await runCli(['tunnel', 'setup', ...custom], { env: environment })).toMatchObject({ code: 0 });
    limb = startHelix(
      ['limb', 'start', '--hub', hub.address.url, '--skills', 'recall', '--tunnel', 'home'],
      environment,
    );
    const told = () => [...hub.owner.db.tunnels.iter()];
    await expect
      .poll(told, { timeout: 60_000 })
      .toMatchObject([{ name: 'home', kind: 'custom', state: { tag: 'Up' }, address: relay.address, lastError: '' }]);

    const program = descendantsOf(limb.child.pid ?? 0).filter((pid) => commandOf(pid).includes('relay-client.js'));
    expect(program.length).toBeGreaterThan(0);
    await relay.close();
    await expect.poll(() => told()[0]?.lastError, { timeout: 60_000 }).toMatch(/.+/);
    expect(told()).toMatchObject([
      { name: 'home', state: { tag: expect.stringMatching(/Unhealthy|Waiting|Starting/) } },
    ]);

    const below = descendantsOf(limb.child.pid ?? 0);
    await limb.kill();
    await expect.poll(() => below.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 20_000 }).toEqual([]);
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
