import { LocalDatabases } from '../../engine/databases.ts';
import { Dice } from '../../engine/host/sim/dice.ts';
import { SimDisk, type Stop } from '../../engine/host/sim/disk.ts';
import { TestClient } from '../../engine/testing/client.ts';
import { VirtualClock } from '../../engine/testing/clock.ts';
import { CallError } from '../../engine/testing/failure.ts';
import { bundleOf } from '../../engine/testing/modules.ts';
import { SeededRandom } from '../../engine/testing/random.ts';
import type { Replica } from '../../engine/testing/replica.ts';
import { indexFaults } from './consistency.ts';
import { type Account, accountLine, type LedgerCall, LedgerModel } from './ledger-model.ts';
import { loadReused, releaseInstances } from './reused-module.ts';

const name = 'ledger';
const directory = '/hub';
const segmentBytesMax = 3000;
/** Snapshots are taken all the time, and nothing is kept that the newest two do not need. */
const snapshots = { afterBytes: 1000, keepMicros: 0n };
const clientCount = 3;
const processesMax = 3;
const stepsMax = 14;

export interface HistoryOptions {
  readonly seed: number;
  /** A disk that says too early that a change is durable. */
  readonly isLying?: boolean;
}

export interface HistoryResult {
  /** What a client or an operator would call a loss or damage; one sentence each. */
  readonly losses: readonly string[];
  readonly callCount: number;
  readonly stopCount: number;
  readonly faultCount: number;
  /** Starts that found a snapshot, and starts that found the beginning of the log trimmed. */
  readonly snapshotCount: number;
  readonly trimmedCount: number;
}

interface Issued {
  readonly id: number;
  readonly call: LedgerCall;
}

let published: Promise<SimDisk> | undefined;

/** Runs some processes after each other on one disk, each until it is stopped, and checks what each of them finds. */
export async function runHistory(options: HistoryOptions): Promise<HistoryResult> {
  published ??= publish();
  const base = await published;
  const disk = base.copy({ seed: options.seed, isLying: options.isLying ?? false });
  return await new History(options.seed, disk).run();
}

class History {
  readonly #dice: Dice;
  readonly #clock = new VirtualClock(1_767_225_600_000_000n);
  readonly #losses: string[] = [];
  #disk: SimDisk;
  /** Calls that went through, in their order; after a stop, those that are still there. */
  #issued: Issued[] = [];
  /** How many of them a client has seen confirmed. */
  #confirmedCount = 0;
  #lastCall = 0;
  #callCount = 0;
  #stopCount = 0;
  #faultCount = 0;
  #snapshotCount = 0;
  #trimmedCount = 0;

  constructor(seed: number, disk: SimDisk) {
    this.#dice = new Dice(seed);
    this.#disk = disk;
  }

  async run(): Promise<HistoryResult> {
    const processCount = 1 + this.#dice.below(processesMax);
    for (let i = 0; i < processCount && this.#losses.length === 0; i++) await this.#attempt(() => this.#live());
    if (this.#losses.length === 0) await this.#attempt(() => this.#live(0));
    return {
      losses: this.#losses,
      callCount: this.#callCount,
      stopCount: this.#stopCount,
      faultCount: this.#faultCount,
      snapshotCount: this.#snapshotCount,
      trimmedCount: this.#trimmedCount,
    };
  }

  /** One process from its start to its end. */
  async #live(steps = 1 + this.#dice.below(stepsMax)): Promise<void> {
    // Some are stopped while they start.
    if (steps > 0 && this.#dice.oneIn(6)) {
      void this.#open(() => {}).catch(() => {});
      for (let i = this.#dice.below(40); i > 0; i--) await this.#turn();
      this.#stop();
      return;
    }
    const files = this.#disk.paths();
    if (files.some((path) => path.endsWith('.snapshot'))) this.#snapshotCount += 1;
    if (!files.some((path) => path.endsWith('/00000000000000000000.log'))) this.#trimmedCount += 1;
    let failure: Error | undefined;
    const databases = await this.#disk.run(
      this.#open((error) => {
        failure = error;
      }),
    );
    const database = databases.find(name);
    if (!database) {
      this.#losses.push('the database is gone');
      return;
    }
    const clients = Array.from({ length: clientCount }, (_, i) => this.#connect(BigInt(i + 1), databases));
    const replicas = clients.flatMap((client) => [
      client.subscribe('SELECT * FROM account', 'SELECT * FROM journal'),
      client.subscribe('SELECT * FROM account WHERE owner = 1'),
    ]);
    this.#checkRecovered(replicas);
    this.#losses.push(...indexFaults(database.engine.store));
    if (steps === 0) return;
    if (this.#dice.oneIn(4)) this.#disk.failNext(this.#dice.pick(['disk-full', 'append-fails', 'sync-fails']));
    const offsets = new Map<number, number>();
    const noteConfirmed = () => {
      const confirmed = this.#issued.filter(({ id }) => (offsets.get(id) ?? -1) <= database.durableOffset).length;
      this.#confirmedCount = Math.max(this.#confirmedCount, confirmed);
    };
    const stopNoting = database.onDurable(noteConfirmed);
    for (let step = 0; step < steps && !failure; step++) {
      const issued = { id: ++this.#lastCall, call: this.#randomCall() };
      if (this.#call(this.#dice.pick(clients), issued)) {
        this.#issued.push(issued);
        offsets.set(issued.id, database.offset);
      }
      this.#clock.advance(BigInt(this.#dice.below(5000)));
      for (let i = this.#dice.below(4); i > 0; i--) await this.#turn();
      // A snapshot takes many turns: now and then it gets them.
      if (this.#dice.oneIn(12)) for (let i = 0; i < 200 && this.#disk.waitingCount > 0; i++) await this.#turn();
    }
    noteConfirmed();
    this.#checkState(replicas, 'before the stop');
    if (this.#dice.oneIn(3) && !failure) await this.#disk.run(database.engine.durable(database.offset).catch(() => {}));
    noteConfirmed();
    this.#losses.push(...indexFaults(database.engine.store));
    stopNoting();
    this.#stop();
  }

  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#losses.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  #open(fail: (error: Error) => void): Promise<LocalDatabases> {
    return LocalDatabases.open({ ...hostOf(this.#disk, this.#clock), fail });
  }

  #connect(identity: bigint, databases: LocalDatabases): TestClient {
    const client = new TestClient({
      identity,
      connectionId: identity * 1000n + BigInt(this.#stopCount),
      claims: '{}',
      database: () => {
        const database = databases.find(name);
        if (!database) throw new Error('the database is gone');
        return database;
      },
    });
    client.open();
    return client;
  }

  /** @returns whether it went through */
  #call(client: TestClient, { id, call: { reducer, ...args } }: Issued): boolean {
    this.#callCount += 1;
    try {
      client.call(reducer, { call: id, ...args });
      return true;
    } catch (error) {
      // A failed log ends the process; until then it refuses.
      if (!(error instanceof CallError || (error instanceof Error && error.message.includes('writing the log')))) {
        throw error;
      }
      return false;
    }
  }

  #randomCall(): LedgerCall {
    const dice = this.#dice;
    const key = () => dice.below(8);
    const text = () => 'x'.repeat(dice.pick([0, 3, 40, 700]));
    const amount = BigInt(dice.below(100));
    switch (dice.below(8)) {
      case 0:
        return { reducer: 'closeAll', owner: dice.below(3) };
      case 1:
        return { reducer: 'rename', key: key(), name: text() };
      case 2:
      case 3:
      case 4:
        return { reducer: 'move', from: key(), to: key(), amount };
      default:
        return { reducer: 'open', key: key(), owner: dice.below(3), amount, name: text() };
    }
  }

  /** Compares what a new process has with the calls that the one before it let through. */
  #checkRecovered(replicas: readonly Replica[]): void {
    const journal = rowsOf(replicas[0], 'journal') as { place: bigint; call: number }[];
    const ids = journal.sort((a, b) => Number(a.place - b.place)).map(({ call }) => call);
    const expected = this.#issued.slice(0, ids.length).map(({ id }) => id);
    if (ids.join() !== expected.join()) {
      this.#losses.push(`after a stop the journal is ${ids.join()}, but the calls were ${expected.join()}`);
    }
    if (ids.length < this.#confirmedCount) {
      this.#losses.push(`${this.#confirmedCount} calls were confirmed, but ${ids.length} are there after a stop`);
    }
    // What was never confirmed may be gone, and is never coming back. What is there now, the clients have seen.
    this.#issued = this.#issued.slice(0, ids.length);
    this.#confirmedCount = this.#issued.length;
    this.#checkState(replicas, 'after a stop');
  }

  #checkState(replicas: readonly Replica[], when: string): void {
    const model = new LedgerModel();
    for (const { id, call } of this.#issued) if (!model.apply(call)) this.#losses.push(`call ${id} was not refused`);
    const all = model.lines().join('\n');
    const ofOne = [...model.accounts.values()].filter(({ owner }) => owner === 1).map(accountLine);
    for (const [i, replica] of replicas.entries()) {
      const held = (rowsOf(replica, 'account') as unknown as Account[]).map(accountLine).sort().join('\n');
      if (held !== (i % 2 === 0 ? all : ofOne.sort().join('\n'))) this.#losses.push(`replica ${i} differs ${when}`);
    }
  }

  #stop(): void {
    const how: Stop = this.#dice.pick(['power-cut', 'kill']);
    this.#stopCount += 1;
    this.#faultCount += 1 + this.#disk.faultCount;
    this.#disk = this.#disk.stop(how, this.#dice.below(2 ** 32));
    releaseInstances();
  }

  async #turn(): Promise<void> {
    this.#disk.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function rowsOf(replica: Replica | undefined, table: string): unknown[] {
  return replica?.rows(table) ?? [];
}

function hostOf(disk: SimDisk, clock: VirtualClock) {
  const random = new SeededRandom(1);
  return {
    ...{ disk, clock, random, directory, segmentBytesMax, snapshots, load: loadReused },
    callMsMax: Number.POSITIVE_INFINITY,
    warn: () => {},
  };
}

/** A disk with the module on it, made once. */
async function publish(): Promise<SimDisk> {
  const disk = new SimDisk({ seed: 1 });
  const fail = (error: Error) => {
    throw error;
  };
  const databases = await disk.run(LocalDatabases.open({ ...hostOf(disk, new VirtualClock(0n)), fail }));
  const full = await bundleOf('test/fixtures/modules/ledger.ts');
  // Without the map of its sources, which every start would read.
  const bundle = full.replace(/\n\/\/# sourceMappingURL=.*/, '');
  const request = { name, owner: 1n, bundle, clear: false, breakClients: true, token: undefined };
  await disk.run(databases.publish(request));
  await disk.run(databases.close());
  releaseInstances();
  return disk;
}
