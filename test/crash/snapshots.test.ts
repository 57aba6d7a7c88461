import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { LocalDatabases } from '../../engine/databases.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { MemoryDisk } from '../../engine/log/testing/memory-disk.ts';
import { takeSnapshot } from '../../engine/snapshots/take.ts';
import { indexFaults } from '../../engine/store/consistency.ts';
import { TestClient } from '../../engine/testing/client.ts';
import { bundleOf, loadOnce } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';

const name = 'ledger';

interface Machine {
  readonly disk: MemoryDisk;
  readonly warnings: string[];
  readonly databases: LocalDatabases;
}

async function start(disk: MemoryDisk, afterBytes: number): Promise<Machine> {
  const warnings: string[] = [];
  const databases = await LocalDatabases.open({
    disk,
    clock: new VirtualClock(0n),
    random: new SeededRandom(1),
    directory: '/hub',
    callMsMax: Number.POSITIVE_INFINITY,
    warn: (message) => warnings.push(message),
    fail: (error) => {
      throw error;
    },
    load: loadOnce,
    segmentBytesMax: 2000,
    snapshots: { afterBytes },
  });
  return { disk, warnings, databases };
}

async function open(machine: Machine, from: number, to: number): Promise<void> {
  const database = machine.databases.find(name);
  const client = new TestClient({
    identity: 1n,
    connectionId: BigInt(from + 1),
    claims: '{}',
    database: databaseOf(machine),
  });
  client.open();
  for (let call = from; call < to; call++) {
    client.call('open', { call, key: call, owner: call % 3, amount: 1n, name: 'x'.repeat(200) });
  }
  client.call('closeAll', { call: to + 10_000, owner: 2 });
  client.disconnect();
  await database?.engine.durable(database.offset);
}

function databaseOf(machine: Machine) {
  return () => {
    const database = machine.databases.find(name);
    if (!database) throw new Error('the database is gone');
    return database;
  };
}

function contents(machine: Machine): unknown {
  const { store } = databaseOf(machine)().engine;
  expect(indexFaults(store)).toEqual([]);
  const rows = store
    .tables()
    .map((table) => table.scan().map((handle) => Buffer.from(table.row(handle)).toString('hex')));
  return { rows: rows.map((list) => list.sort()), sequences: store.sequencePositions() };
}

const never = Number.POSITIVE_INFINITY;

/** Takes a snapshot of what is durable. */
async function snapshot(machine: Machine, keepMicros?: bigint): Promise<void> {
  const { entry, durableOffset } = databaseOf(machine)();
  const retention = { keepMicros, nowMicros: 0n };
  const job = { directory: `/hub/databases/${entry.folder}`, untilOffset: durableOffset, retention };
  await takeSnapshot(machine.disk, job, loadOnce);
}

/** A machine that was started three times with calls in between, and took two snapshots. */
async function used(keepMicros?: bigint): Promise<{ disk: MemoryDisk; expected: unknown; snapshots: string[] }> {
  const first = await start(new MemoryDisk(), never);
  const bundle = await bundleOf('test/fixtures/modules/ledger.ts');
  await first.databases.publish({ name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined });
  await open(first, 0, 20);
  await snapshot(first);
  const second = await start(first.disk.afterCrash(), never);
  await open(second, 20, 40);
  await snapshot(second, keepMicros);
  const third = await start(second.disk.afterCrash(), never);
  await open(third, 40, 60);
  const expected = contents(third);
  const disk = third.disk.afterCrash();
  const snapshots = [...disk.files.keys()].filter((path) => path.endsWith('.snapshot')).sort();
  expect(snapshots.length).toBe(2);
  return { disk, expected, snapshots };
}

describe('snapshot', () => {
  it('[SNAP1] a start from a snapshot and the log after it comes to the state of a start from the whole log', async () => {
    const { disk, expected, snapshots } = await used();
    expect(contents(await start(disk.afterCrash(), never))).toEqual(expected);
    for (const path of snapshots) disk.files.delete(path);
    expect(contents(await start(disk.afterCrash(), never))).toEqual(expected);
  });

  it('[SNAP1] what comes before a snapshot is not read', async () => {
    const { disk, expected } = await used();
    const [oldest = ''] = [...disk.files.keys()].filter((path) => path.endsWith('.log')).sort();
    disk.files.set(oldest, Buffer.from('gone'));
    expect(contents(await start(disk.afterCrash(), never))).toEqual(expected);
  });

  it('[SNAP2] a damaged snapshot is named and passed over, for the one before it or for the whole log', async () => {
    const { disk, expected, snapshots } = await used();
    for (const path of [...snapshots].reverse()) {
      const bytes = disk.files.get(path) as Buffer;
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      const machine = await start(disk.afterCrash(), never);
      expect(contents(machine)).toEqual(expected);
      expect(machine.warnings.join('\n')).toContain(`${path.split('/').at(-1)} is damaged: its checksum is wrong`);
    }
  });

  it('[SNAP3] a log that ends before its snapshot, or is another one, is refused', async () => {
    const { disk, snapshots } = await used();
    const logs = [...disk.files.keys()].filter((path) => path.endsWith('.log')).sort();
    const cut = disk.afterCrash();
    for (const path of logs.slice(1)) cut.files.delete(path);
    await expect(start(cut, never)).rejects.toMatchObject({ code: 'log-incomplete' });
    const [newest = ''] = snapshots.slice(-1);
    const altered = disk.afterCrash();
    // The checksum is right and the chain is not: a snapshot of another history.
    const content = Buffer.from((disk.files.get(newest) as Buffer).subarray(0, -32));
    content[20] = (content[20] ?? 0) ^ 1;
    altered.files.set(newest, Buffer.concat([content, createHash('sha256').update(content).digest()]));
    await expect(start(altered, never)).rejects.toThrow('was made of another log');
  });

  it('[SNAP5] a start needs nothing of what was trimmed, also when the newest snapshot is damaged', async () => {
    const { disk, expected, snapshots } = await used(0n);
    expect([...disk.files.keys()].some((path) => path.endsWith('/00000000000000000000.log'))).toBe(false);
    expect(contents(await start(disk.afterCrash(), never))).toEqual(expected);
    const [older = '', newest = ''] = snapshots;
    disk.files.set(newest, Buffer.from('damaged'));
    expect(contents(await start(disk.afterCrash(), never))).toEqual(expected);
    disk.files.set(older, Buffer.from('damaged'));
    await expect(start(disk.afterCrash(), never)).rejects.toThrow('commits from 0 on are needed');
  });

  it('[SNAP6] one is taken whenever the log has grown enough, and what a crash leaves of one is cleared away', async () => {
    const first = await start(new MemoryDisk(), never);
    const bundle = await bundleOf('test/fixtures/modules/ledger.ts');
    await first.databases.publish({ name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined });
    const { folder } = databaseOf(first)().entry;
    first.disk.files.set(`/hub/databases/${folder}/00000000000000000003.snapshot.new`, Buffer.from('a part'));
    const second = await start(first.disk.afterCrash(), 5000);
    const taken = () => [...second.disk.files.keys()].filter((path) => path.includes('.snapshot'));
    await vi.waitUntil(() => taken().length === 1 && !taken()[0]?.endsWith('.new'), { timeout: 20_000 });
    const [before] = taken();
    await open(second, 0, 60);
    await vi.waitUntil(() => taken().some((path) => path !== before), { timeout: 20_000 });
    const expected = contents(second);
    await second.databases.close();
    expect(second.warnings).toEqual([]);
    const third = await start(second.disk.afterCrash(), never);
    expect((contents(third) as { rows: unknown[] }).rows.slice(1)).toEqual(
      (expected as { rows: unknown[] }).rows.slice(1),
    );
  });
});
