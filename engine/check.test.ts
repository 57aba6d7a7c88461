import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { checkDatabase } from './check.ts';
import { LocalDatabases } from './databases.ts';
import { VirtualClock } from './host/sim/clock.ts';
import { MemoryDisk } from './log/testing/memory-disk.ts';
import { takeSnapshot } from './snapshots/take.ts';
import { TestClient } from './testing/client.ts';
import { bundleOf, loadOnce } from './testing/modules.ts';
import { SeededRandom } from './testing/random.ts';

const directory = '/hub';

/** A closed database with a snapshot in the middle of its history. */
async function written(): Promise<{ disk: MemoryDisk; log: string; snapshot: string }> {
  const disk = new MemoryDisk();
  const databases = await LocalDatabases.open({
    ...{ disk, clock: new VirtualClock(0n), random: new SeededRandom(1), directory, load: loadOnce },
    callMsMax: Number.POSITIVE_INFINITY,
    warn: () => {},
    fail: (error) => {
      throw error;
    },
  });
  const bundle = await bundleOf('test/fixtures/modules/notes.ts');
  const request = { name: 'notes', owner: 1n, bundle, clear: false, breakClients: true, token: undefined };
  const { database } = await databases.publish(request);
  const log = `${directory}/databases/${database.entry.folder}`;
  const client = new TestClient({ identity: 1n, connectionId: 1n, claims: '{}', database: () => database });
  client.open();
  for (const text of ['one', 'two', 'three', 'four']) {
    client.call('add', { owner: 1, text });
    await database.engine.durable(database.offset);
    if (text !== 'two') continue;
    const retention = { keepMicros: undefined, nowMicros: 0n };
    await takeSnapshot(disk, { directory: log, untilOffset: database.offset, retention }, loadOnce);
  }
  client.disconnect();
  await databases.close();
  const snapshot = [...disk.files.keys()].find((path) => path.endsWith('.snapshot')) ?? '';
  return { disk, log, snapshot };
}

it('[DATA6] a snapshot that holds what the history comes to is good', async () => {
  const { disk, log } = await written();
  const seen: (readonly [bytes: number, ofBytes: number | undefined])[] = [];
  const checked = await checkDatabase(disk, log, (bytes, ofBytes) => void seen.push([bytes, ofBytes]));
  expect(checked).toMatchObject({ snapshotCount: 1, beginsAt: 0, tornBytes: 0 });
  const allBytes = [...disk.files].find(([path]) => path.endsWith('.log'))?.[1].length;
  expect(seen).toEqual([
    [allBytes, undefined],
    [allBytes, allBytes],
  ]);
});

it('[DATA6] a snapshot with another row is named, although its checksum is right', async () => {
  const { disk, log, snapshot } = await written();
  const content = Buffer.from((disk.files.get(snapshot) as Buffer).subarray(0, -32));
  content[content.lastIndexOf('two')] = 'T'.charCodeAt(0);
  disk.files.set(snapshot, Buffer.concat([content, createHash('sha256').update(content).digest()]));
  await expect(checkDatabase(disk, log)).rejects.toThrow(
    `the snapshot ${snapshot} is not what the log comes to: other rows of note`,
  );
});
