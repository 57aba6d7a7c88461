import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostedDatabase } from './database.ts';
import { LocalDatabases } from './databases.ts';
import { VirtualClock } from './host/sim/clock.ts';
import { MemoryDisk } from './log/testing/memory-disk.ts';
import { TestClient } from './testing/client.ts';
import { bundleOf, loadOnce } from './testing/modules.ts';
import { SeededRandom } from './testing/random.ts';

let disk: MemoryDisk;
let databases: LocalDatabases;
let bundle: string;
let database: HostedDatabase;

async function open(): Promise<LocalDatabases> {
  return await LocalDatabases.open({
    ...{ disk, clock: new VirtualClock(0n), random: new SeededRandom(1), directory: '/hub', load: loadOnce },
    callMsMax: Number.POSITIVE_INFINITY,
    warn: () => {},
    fail: (error) => {
      throw error;
    },
  });
}

function publish(name: string) {
  return databases.publish({ name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined });
}

beforeEach(async () => {
  disk = new MemoryDisk();
  databases = await open();
  bundle = await bundleOf('test/fixtures/modules/notes.ts');
  database = (await publish('notes')).database;
});

afterEach(() => databases.close());

test('[HTTP3] of two resets at once the second resets what the first has made, and what is written then is kept', async () => {
  await Promise.all([databases.reset(database, undefined), databases.reset(database, undefined)]);
  const present = databases.find('notes') as HostedDatabase;
  const client = new TestClient({ identity: 1n, connectionId: 1n, claims: '{}', database: () => present });
  client.open();
  client.call('add', { owner: 1, text: 'kept' });
  client.disconnect();
  await databases.close();
  databases = await open();
  expect(databases.find('notes')?.offset).toBe(present.offset);
});

test('[HTTP3] what happens to a database while it is reset happens to what becomes of it', async () => {
  const reset = databases.reset(database, undefined);
  await reset;
  await databases.rename(database, ['others']);
  expect(databases.find('others')?.engine.isClosed).toBe(false);
  await databases.setLocked(database, true);
  await expect(databases.reset(database, undefined)).rejects.toThrow('is locked');
  await databases.setLocked(database, false);
  await databases.delete(database);
  expect(databases.find('others')).toBeUndefined();
  await expect(databases.reset(database, undefined)).rejects.toThrow('was deleted meanwhile');
  expect(databases.ownedBy(1n)).toEqual([]);
});

test('[SERVE4] nothing is published to a hub that has closed while the module was loaded', async () => {
  const late = publish('late');
  await databases.close();
  await expect(late).rejects.toThrow('the hub is shutting down');
  databases = await open();
  expect(databases.find('late')).toBeUndefined();
});
