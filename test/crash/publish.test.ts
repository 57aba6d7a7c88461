import { describe, expect, it } from 'vitest';
import { LocalDatabases } from '../../engine/databases.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { SimDisk } from '../../engine/host/sim/disk.ts';
import { bundleOf } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';
import { modules } from './machine.ts';

const name = 'ledger';
const turnsMax = 40;

function open(disk: SimDisk): Promise<LocalDatabases> {
  return LocalDatabases.open({
    disk,
    clock: new VirtualClock(0n),
    random: new SeededRandom(1),
    directory: '/hub',
    callMsMax: Number.POSITIVE_INFINITY,
    warn: () => {},
    fail: (error) => {
      throw error;
    },
    load: modules.load,
  });
}

describe('a hub that is killed while it publishes a module', () => {
  it('[CRASH4] has the database for good once the next process has shown it', async () => {
    const bundle = await bundleOf('test/fixtures/modules/ledger.ts');
    const request = { name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined };
    await modules.load(bundle);
    let shownCount = 0;
    for (let turns = 0; turns < turnsMax; turns++) {
      const disk = new SimDisk({ seed: turns + 1 });
      const first = await disk.run(open(disk));
      void first.publish(request).catch(() => {});
      for (let i = 0; i < turns; i++) {
        disk.turn();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const killed = disk.stop('kill', 1);
      modules.release();
      const second = await killed.run(open(killed));
      const isShown = second.find(name) !== undefined;
      const cut = killed.stop('power-cut', 1);
      modules.release();
      const third = await cut.run(open(cut));
      if (isShown) {
        shownCount += 1;
        expect(third.find(name)).toBeDefined();
      }
      cut.stop('kill', 1);
      modules.release();
    }
    expect(shownCount).toBeGreaterThan(0);
  });
});
