import { expect, it } from 'vitest';
import type { HostedDatabase } from '../../engine/database.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { Dice } from '../../engine/host/sim/dice.ts';
import type { SimDisk } from '../../engine/host/sim/disk.ts';
import { loadSdkCodecs } from '../../engine/serve/wire/sdk-codecs.fixture.ts';
import { indexFaults } from '../../engine/store/consistency.ts';
import { LedgerClient } from './ledger-client.ts';
import type { LedgerCall } from './ledger-model.ts';
import { databaseName, ledgerDisk, Machine, modules } from './machine.ts';
import { truthOf } from './truth.ts';
import { Witness } from './witness.ts';

// A call takes about 200 bytes of the log, the reserve has 5000, and room in the file 2048: so a disk fills at each of
// the writes of a scenario, at the reserve, and never.
const roomStepBytes = 61;
const roomBytesMax = 8_000;
const turnsMax = 2000;
const codecs = await loadSdkCodecs();

/** A process with clients, on a disk with so much room. */
class Scenario {
  readonly witness = new Witness();
  readonly clock = new VirtualClock(1_767_225_600_000_000n);
  readonly #dice = new Dice(1);
  #disk: SimDisk;
  #machine: Machine;
  #database: HostedDatabase | undefined;
  #lastCall = 0;
  #lastConnection = 0;

  private constructor(disk: SimDisk) {
    this.#disk = disk;
    this.#machine = this.#newMachine();
  }

  static async start(): Promise<Scenario> {
    const scenario = new Scenario(await ledgerDisk(1, false));
    await scenario.#open();
    return scenario;
  }

  get database(): HostedDatabase {
    if (!this.#database) throw new Error('nothing is open');
    return this.#database;
  }

  set roomBytes(bytes: number) {
    this.#disk.roomBytes = this.#disk.usedBytes + bytes;
  }

  async connect(): Promise<LedgerClient> {
    const client = new LedgerClient({
      ...{ net: this.#machine.net, codecs, witness: this.witness, connection: ++this.#lastConnection },
      ...{ version: 3, compression: 'none', isConfirmed: true, token: 'anna' },
    });
    await this.until(() => client.isIdle);
    return client;
  }

  /** @returns undefined when it went through, or why not */
  async call(client: LedgerClient, call: LedgerCall): Promise<string | undefined> {
    const id = ++this.#lastCall;
    client.call(id, call);
    await this.until(() => !client.isWaitingFor(id));
    return client.refusals.get(id);
  }

  async until(isDone: () => boolean): Promise<void> {
    for (let turns = 0; !isDone(); turns++) {
      if (turns > turnsMax) throw new Error('it does not come');
      await this.#machine.turn();
    }
  }

  /** The power goes, and a new process starts where there is room. */
  async cut(): Promise<void> {
    this.witness.stopped();
    this.#disk = this.#disk.stop('power-cut', 1);
    this.#disk.roomBytes = Number.POSITIVE_INFINITY;
    modules.release();
    this.#machine = this.#newMachine();
    await this.#open();
  }

  async end(): Promise<void> {
    this.#disk.stop('kill', 1);
    modules.release();
  }

  async #open(): Promise<void> {
    const databases = await this.#disk.run(this.#machine.open());
    this.#database = databases.find(databaseName);
    this.witness.recovered(truthOf(this.database));
    await this.#machine.serve(databases);
  }

  #newMachine(): Machine {
    const fail = (error: unknown) => {
      this.witness.losses.push(`the hub met ${String(error)}`);
    };
    return new Machine({ disk: this.#disk, clock: this.clock, dice: this.#dice, warn: () => {}, fail, report: fail });
  }
}

it('[FULL1] at every write of a scenario: a full disk refuses what grows, by name; all else goes on, and room is enough to recover', async () => {
  let [refusedCount, acceptedCount] = [0, 0];
  for (let roomBytes = 0; roomBytes < roomBytesMax; roomBytes += roomStepBytes) {
    const scenario = await Scenario.start();
    const { witness, clock } = scenario;
    const client = await scenario.connect();
    expect(
      await scenario.call(client, { reducer: 'open', key: 1, owner: 1, amount: 5n, name: 'first' }),
    ).toBeUndefined();
    scenario.roomBytes = roomBytes;
    for (let key = 2; key < 12; key++) {
      const name = 'x'.repeat(key * 30);
      const refusal = await scenario.call(client, { reducer: 'open', key, owner: 1, amount: 5n, name });
      if (refusal === undefined) acceptedCount += 1;
      else {
        refusedCount += 1;
        expect(refusal).toMatch(
          /the disk of the hub is full: this needs \d+ bytes, and of the \d+ that are free \d+ are kept/,
        );
      }
    }
    // Others come, read and leave, and what makes rows fewer goes on, without any more room.
    const reader = await scenario.connect();
    expect(reader.seenCount).toBe(truthOf(scenario.database).calls.length);
    reader.leave();
    await scenario.until(() => !reader.isOpen);
    expect(await scenario.call(client, { reducer: 'closeAll', owner: 1 })).toBeUndefined();
    expect(scenario.database.durableOffset).toBe(scenario.database.offset);

    scenario.roomBytes = Number.POSITIVE_INFINITY;
    await scenario.until(() => {
      clock.advance(100_000n);
      return scenario.database.engine.hasRoom;
    });
    expect(
      await scenario.call(client, { reducer: 'open', key: 99, owner: 2, amount: 1n, name: 'x'.repeat(3000) }),
    ).toBeUndefined();
    witness.settled(truthOf(scenario.database));
    expect(indexFaults(scenario.database.engine.store)).toEqual([]);
    await scenario.cut();
    expect(witness.losses).toEqual([]);
    await scenario.end();
  }
  expect(Math.min(refusedCount, acceptedCount)).toBeGreaterThan(100);
}, 120_000);
