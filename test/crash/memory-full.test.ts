import { expect, it } from 'vitest';
import type { HostedDatabase } from '../../engine/database.ts';
import { LocalDatabases } from '../../engine/databases.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { MemoryDisk } from '../../engine/log/testing/memory-disk.ts';
import { indexFaults } from '../../engine/store/consistency.ts';
import { TestClient } from '../../engine/testing/client.ts';
import { bundleOf, loadOnce } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';
import { truthOf } from './truth.ts';

const name = 'ledger';
const full = /the memory of the hub is full: .* reads and deletes go on/;

interface Hub {
  readonly clock: VirtualClock;
  readonly memory: { totalBytes: number; takenBytes: number; usedBytes(): number };
  readonly database: HostedDatabase;
  readonly client: TestClient;
  open(key: number, text: string): void;
}

async function start(memoryBytesMax: number): Promise<Hub> {
  const clock = new VirtualClock(1_767_225_600_000_000n);
  const memory = { totalBytes: 1000, takenBytes: 0, usedBytes: () => memory.takenBytes };
  const databases = await LocalDatabases.open({
    ...{ disk: new MemoryDisk(), clock, random: new SeededRandom(1), directory: '/hub', load: loadOnce },
    ...{ memoryBytesMax, memory },
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
  const client = new TestClient({ identity: 1n, connectionId: 3n, claims: '{}', database: () => database });
  client.open();
  let lastCall = 0;
  const open = (key: number, text: string) =>
    client.call('open', { call: ++lastCall, key, owner: 1, amount: 1n, name: text });
  return { clock, memory, database, client, open };
}

it('[MEM2] beyond the bound calls that grow are refused and undone; reads, deletes and what is due go on, and rows that go make room', async () => {
  const { clock, database, client, open } = await start(4_000_000);
  const replica = client.subscribe('SELECT * FROM account');
  client.call('remind', { call: 900, afterMicros: 1_000_000n });
  let count = 0;
  const fill = () => {
    for (;;) {
      open(count, 'x'.repeat(20_000));
      count += 1;
    }
  };
  expect(fill).toThrow(full);
  expect(count).toBeGreaterThan(100);
  expect(replica.rows('account').length).toBe(count);
  expect(client.query('SELECT * FROM account').length).toBe(count);
  expect(truthOf(database).accounts.length).toBe(count);
  const other = new TestClient({ identity: 2n, connectionId: 4n, claims: '{}', database: () => database });
  other.open();
  expect(other.query('SELECT * FROM account').length).toBe(count);
  other.disconnect();
  await expect(
    database.sql({ identity: 1n, claims: '{}' }, `INSERT INTO journal VALUES (0, 7777)`, true),
  ).resolves.toBeDefined();
  await expect(
    database.sql(
      { identity: 1n, claims: '{}' },
      `INSERT INTO account VALUES (0, 7777, 1, 1, '${'x'.repeat(30_000)}')`,
      true,
    ),
  ).rejects.toMatchObject({ code: 'memory-full' });
  expect(database.logs(10).some(({ message }) => message.includes('fatal'))).toBe(false);

  client.call('closeAll', { call: 901, owner: 1 });
  expect(replica.rows('account')).toEqual([]);
  open(5000, 'x'.repeat(20_000));
  clock.advance(3_000_000n);
  expect(truthOf(database).rings.map(({ call }) => call)).toEqual([900]);
  expect(indexFaults(database.engine.store)).toEqual([]);
});

it('[MEM3] when the process takes too much of the machine, rows do not grow until it takes less', async () => {
  const { clock, memory, client, open } = await start(Number.POSITIVE_INFINITY);
  open(1, 'first');
  memory.takenBytes = 10_000_000;
  clock.advance(1_000_000n);
  expect(() => open(2, 'second')).toThrow(full);
  client.call('closeAll', { call: 51, owner: 1 });
  expect(client.query('SELECT * FROM account')).toEqual([]);
  memory.takenBytes = 100;
  clock.advance(1_000_000n);
  open(2, 'second');
});
