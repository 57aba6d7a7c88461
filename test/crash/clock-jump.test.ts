import { expect, it } from 'vitest';
import { LocalDatabases } from '../../engine/databases.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { MemoryDisk } from '../../engine/log/testing/memory-disk.ts';
import { TestClient } from '../../engine/testing/client.ts';
import { bundleOf, loadOnce } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';
import { truthOf } from './truth.ts';

const name = 'ledger';
const hourMicros = 3_600_000_000n;
const noticedMicros = 10_000_000n;

it('[SC3] a clock that was set forward, or ran on while the machine slept, is noticed within 10 s; one set back fires nothing twice', async () => {
  const clock = new VirtualClock(1_767_225_600_000_000n);
  const databases = await LocalDatabases.open({
    ...{ disk: new MemoryDisk(), clock, random: new SeededRandom(1), directory: '/hub', load: loadOnce },
    callMsMax: Number.POSITIVE_INFINITY,
    warn: () => {},
    fail: (error) => {
      throw error;
    },
  });
  const bundle = await bundleOf('test/fixtures/modules/ledger.ts');
  await databases.publish({ name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined });
  const database = databases.find(name);
  if (!database) throw new Error('it was not published');
  const client = new TestClient({ identity: 2n, connectionId: 3n, claims: '{}', database: () => database });
  client.open();
  client.call('remind', { call: 1, afterMicros: hourMicros });
  client.call('remind', { call: 2, afterMicros: 3n * hourMicros });
  const rung = () => truthOf(database).rings.map(({ call }) => call);

  clock.jump(2n * hourMicros);
  clock.advance(noticedMicros);
  expect(rung()).toEqual([1]);
  clock.jump(-2n * hourMicros);
  clock.advance(2n * hourMicros);
  expect(rung()).toEqual([1]);
  clock.advance(2n * hourMicros);
  expect(rung()).toEqual([1, 2]);
  await databases.close();
});
