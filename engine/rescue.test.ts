import { basename } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { noteBackup } from './backup/known.ts';
import { keptHistory } from './check.ts';
import { LocalDatabases } from './databases.ts';
import { VirtualClock } from './host/sim/clock.ts';
import { MemoryDisk } from './log/testing/memory-disk.ts';
import { withAdvice } from './rescue.ts';
import { takeSnapshot } from './snapshots/take.ts';
import { TestClient } from './testing/client.ts';
import { bundleOf, loadOnce } from './testing/modules.ts';
import { SeededRandom } from './testing/random.ts';

const directory = '/hub';

let disk: MemoryDisk;
let folder: string;
/** The segments, the oldest first. */
let segments: string[];

function open(): Promise<LocalDatabases> {
  return LocalDatabases.open({
    ...{ disk, clock: new VirtualClock(0n), random: new SeededRandom(1), directory, load: loadOnce },
    callMsMax: Number.POSITIVE_INFINITY,
    segmentBytesMax: 1000,
    warn: () => {},
    fail: (error) => {
      throw error;
    },
  });
}

/** What the hub says when it does not open. */
async function refusal(): Promise<string> {
  return await open().then(
    () => 'it opened',
    (error: Error) => error.message,
  );
}

function flip(file: string): void {
  const bytes = disk.files.get(file) as Buffer;
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3);
}

/** Does with the files what the refusal says. */
function obey(message: string): void {
  const [, size, file = ''] = /`truncate -s (\d+) (\S+)`/.exec(message) ?? [];
  if (size !== undefined) disk.files.set(file, Buffer.from((disk.files.get(file) as Buffer).subarray(0, Number(size))));
  const [, names = ''] = /move (\d[^`]*?) out of/.exec(message) ?? [];
  for (const name of names.split(', ')) disk.files.delete(`${directory}/databases/${folder}/${name}`);
}

beforeEach(async () => {
  disk = new MemoryDisk();
  const databases = await open();
  const bundle = await bundleOf('test/fixtures/modules/notes.ts');
  const request = { name: 'notes', owner: 1n, bundle, clear: false, breakClients: true, token: undefined };
  const { database } = await databases.publish(request);
  folder = database.entry.folder;
  const client = new TestClient({ identity: 1n, connectionId: 1n, claims: '{}', database: () => database });
  client.open();
  for (let i = 0; i < 12; i++) {
    client.call('add', { owner: 1, text: 'x'.repeat(400) });
    await database.engine.durable(database.offset);
  }
  client.disconnect();
  await databases.close();
  segments = [...disk.files.keys()].filter((path) => path.endsWith('.log')).sort();
});

describe('[DATA8] a log that is damaged in the middle', () => {
  it('names the backup that has what is lost, or says that none is known', async () => {
    const damaged = segments.at(-2) ?? '';
    flip(damaged);
    const lost = /Every commit before (\d+) is good/.exec(await refusal())?.[1];
    expect(Number(lost)).toBeGreaterThanOrEqual(Number(basename(damaged, '.log')));
    expect(await refusal()).toContain(`A backup helps that has commit ${lost}: \`helix restore`);

    const at = '2026-01-31T12:00:00.000Z';
    await noteBackup(disk, directory, { path: '/mnt/early.tgz', at, nextOffsets: { [folder]: Number(lost) } });
    expect(await refusal()).toContain(`(the newest that was made here, /mnt/early.tgz, ends before it)`);
    await noteBackup(disk, directory, { path: '/mnt/whole.tgz', at, nextOffsets: { [folder]: 100 } });
    await noteBackup(disk, directory, { path: '/mnt/other.tgz', at, nextOffsets: { another: 100 } });
    expect(await refusal()).toContain(
      `The backup /mnt/whole.tgz, made at ${at}, has everything up to commit 99: \`helix restore /mnt/whole.tgz --data`,
    );
  });

  it('says how to go on with what comes before, and that is enough', async () => {
    const offset = Number(basename(segments.at(-2) ?? '', '.log'));
    await takeSnapshot(
      disk,
      {
        directory: `${directory}/databases/${folder}`,
        untilOffset: offset - 3,
        retention: { keepMicros: undefined, nowMicros: 0n },
      },
      loadOnce,
    );
    flip(segments.at(-2) ?? '');
    const message = await refusal();
    expect(message).toContain(`move ${basename(segments.at(-1) ?? '')} out of`);
    obey(message);
    const databases = await open();
    expect(databases.find('notes')?.offset).toBeGreaterThanOrEqual(offset - 1);
    await databases.close();
  });

  it('says which snapshot the hub starts from, and what to move away so that the rest is whole', async () => {
    const log = `${directory}/databases/${folder}`;
    const retention = { keepMicros: undefined, nowMicros: 0n };
    const untilOffset = Number(basename(segments.at(-1) ?? '', '.log'));
    await takeSnapshot(disk, { directory: log, untilOffset, retention }, loadOnce);
    const [snapshot = ''] = [...disk.files.keys()].filter((path) => path.endsWith('.snapshot'));
    flip(segments[1] ?? '');
    const check = () => withAdvice(disk, directory, folder, () => keptHistory(disk, log));
    const message = await check().catch((error: Error) => error.message);
    const before = segments.slice(0, -1).map((file) => basename(file));
    expect(message).toContain(`The snapshot ${basename(snapshot)} holds what all commits before`);
    expect(message).toContain(`without ${before.join(', ')}, moved out of ${log}`);
    for (const name of before) disk.files.delete(`${log}/${name}`);
    expect(await check()).toMatchObject({ base: { file: snapshot } });
  });
});
