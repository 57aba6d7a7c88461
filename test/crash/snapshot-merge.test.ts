import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalDatabases } from '../../engine/databases.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { MemoryDisk } from '../../engine/log/testing/memory-disk.ts';
import { takeSnapshot } from '../../engine/snapshots/take.ts';
import { indexFaults } from '../../engine/store/consistency.ts';
import { TestClient } from '../../engine/testing/client.ts';
import { bundleOf, loadOnce } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';
import { modules } from './machine.ts';

// Snapshots are made of the one before and the log, without the rows: what comes of that is compared with the rows.

const name = 'notes';
const versions = ['test/fixtures/modules/notes.ts', 'test/fixtures/modules/notes-next.ts'] as const;

interface Call {
  readonly act: 'add' | 'edit' | 'drop';
  readonly owner: number;
  readonly text: string;
}

type Step = Call | { readonly act: 'snapshot' } | { readonly act: 'kill' } | { readonly act: 'update' };

const owner = fc.nat({ max: 3 });
const text = fc.constantFrom('', 'a', 'b', 'x'.repeat(300));
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ act: fc.constantFrom('add', 'add', 'edit', 'drop'), owner, text }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('snapshot', 'kill') }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('update') }) },
  ),
  { minLength: 5, maxLength: 30 },
) as fc.Arbitrary<Step[]>;

class Machine {
  disk = new MemoryDisk();
  readonly #bytesMax: number;
  #databases: LocalDatabases | undefined;

  /** @param bytesMax changes that a snapshot may hold in memory before it writes one in between */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get database() {
    const database = this.#databases?.find(name);
    if (!database) throw new Error('the database is gone');
    return database;
  }

  async start(): Promise<void> {
    modules.release();
    this.disk = this.disk.afterCrash();
    this.#databases = await LocalDatabases.open({
      ...{ disk: this.disk, clock: new VirtualClock(0n), random: new SeededRandom(1), directory: '/hub' },
      ...{ callMsMax: Number.POSITIVE_INFINITY, load: modules.load, segmentBytesMax: 2000 },
      snapshots: { afterBytes: Number.POSITIVE_INFINITY },
      warn: (message) => expect(message).toBe(''),
      fail: (error) => {
        throw error;
      },
    });
  }

  async publish(version: 0 | 1): Promise<void> {
    const bundle = await bundleOf(versions[version]);
    const request = { name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined };
    await this.#databases?.publish(request);
  }

  async step(step: Step): Promise<void> {
    if (step.act === 'update') return await this.publish(1);
    if (step.act === 'kill') return await this.start();
    if (step.act === 'snapshot') return await this.#snapshot();
    const { act, owner, text } = step;
    const database = () => this.database;
    const client = new TestClient({ identity: 1n, connectionId: 1n, claims: '{}', database });
    client.open();
    client.call(act, act === 'drop' ? { owner } : { owner, text });
    client.disconnect();
    await this.database.engine.durable(this.database.offset);
  }

  contents(): unknown {
    const { store } = this.database.engine;
    expect(indexFaults(store)).toEqual([]);
    const rows = store
      .tables()
      .map((table) => table.scan().map((handle) => Buffer.from(table.row(handle)).toString('latin1')));
    return { rows: rows.map((list) => list.sort()), sequences: store.sequencePositions() };
  }

  async #snapshot(): Promise<void> {
    const { entry, durableOffset } = this.database;
    const retention = { keepMicros: undefined, nowMicros: 0n };
    const job = { directory: `/hub/databases/${entry.folder}`, untilOffset: durableOffset, retention };
    await takeSnapshot(this.disk, job, loadOnce, this.#bytesMax);
  }
}

describe('snapshots', () => {
  it('[SNAP4] made of the one before and the log hold what the database held, through updates of the module', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(3000, Number.POSITIVE_INFINITY), async (list, bytesMax) => {
        const machine = new Machine(bytesMax);
        await machine.start();
        await machine.publish(0);
        for (const step of list) {
          const before = machine.contents();
          await machine.step(step);
          if (step.act === 'kill' || step.act === 'snapshot') expect(machine.contents()).toEqual(before);
        }
        const before = machine.contents();
        await machine.step({ act: 'snapshot' });
        await machine.start();
        expect(machine.contents()).toEqual(before);
        for (const path of machine.disk.files.keys()) if (path.endsWith('.snapshot')) machine.disk.files.delete(path);
        await machine.start();
        expect(machine.contents()).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });
});
