import type { HostedDatabase } from '../../engine/database.ts';
import type { LocalDatabases } from '../../engine/databases.ts';
import { Rejection } from '../../engine/errors.ts';
import { VirtualClock } from '../../engine/host/sim/clock.ts';
import { Dice } from '../../engine/host/sim/dice.ts';
import type { SimDisk, Stop } from '../../engine/host/sim/disk.ts';
import { loadSdkCodecs } from '../../engine/serve/wire/sdk-codecs.fixture.ts';
import { indexFaults } from '../../engine/store/consistency.ts';
import { Figures } from '../support/figures.ts';
import { type Codecs, LedgerClient } from './ledger-client.ts';
import type { LedgerCall } from './ledger-model.ts';
import { databaseName, ledgerDisk, Machine, modules } from './machine.ts';
import { truthOf } from './truth.ts';
import { type Truth, Witness } from './witness.ts';

const clientCount = 3;
const processesMax = 3;
const stepsMax = 24;
const settleTurnsMax = 5000;
/** What the end of one turn puts off is done in the next few. */
const quietTurnsMin = 5;
const dayMicros = 24n * 60n * 60n * 1_000_000n;
/** A clock that was set is noticed earlier. */
const lateMicrosMax = 11n * 1_000_000n;

export interface HistoryOptions {
  readonly seed: number;
  /** A disk that says too early that a change is durable. */
  readonly isLying?: boolean;
}

export interface HistoryResult {
  readonly losses: readonly string[];
  readonly figures: Figures;
  /** What everybody saw, in short: the same for the same seed. */
  readonly digest: string;
}

let loading: Promise<Codecs> | undefined;

/** Runs some processes after each other on one disk, each until it is stopped, and checks what each of them finds. */
export async function runHistory({ seed, isLying = false }: HistoryOptions): Promise<HistoryResult> {
  loading ??= loadSdkCodecs();
  const disk = await ledgerDisk(seed, isLying);
  return await new History(seed, disk, await loading).run();
}

class History {
  readonly #dice: Dice;
  readonly #codecs: Codecs;
  readonly #witness = new Witness();
  readonly #figures = new Figures();
  #disk: SimDisk;
  #wallMicros = 1_767_225_600_000_000n;
  #lastCall = 0;
  #lastConnection = 0;
  #digest = '';

  constructor(seed: number, disk: SimDisk, codecs: Codecs) {
    this.#dice = new Dice(seed);
    this.#disk = disk;
    this.#codecs = codecs;
  }

  async run(): Promise<HistoryResult> {
    const processCount = 1 + this.#dice.below(processesMax);
    const { losses } = this.#witness;
    for (let i = 0; i < processCount && losses.length === 0; i++) await this.#attempt(() => this.#live());
    if (losses.length === 0) await this.#attempt(() => this.#liveInPeace());
    modules.release();
    return { losses, figures: this.#figures, digest: this.#digest };
  }

  /** One process from its start to its end, with whatever goes wrong. */
  async #live(): Promise<void> {
    const dice = this.#dice;
    if (dice.oneIn(6)) {
      await this.#dieWhileStarting();
      return;
    }
    const life = await this.#start();
    const { machine, clock, clients } = life;
    if (dice.oneIn(4)) this.#disk.failNext(dice.pick(['disk-full', 'append-fails', 'sync-fails']));
    for (let steps = dice.below(stepsMax); steps > 0 && !life.failure; steps--) {
      this.#act(life);
      await machine.turns(dice.below(8));
      if (!life.failure) clock.advance(BigInt(dice.below(dice.oneIn(20) ? 40_000_000 : 5000)));
    }
    if (dice.oneIn(4) && !life.failure) await this.#settle(life);
    if (dice.oneIn(8)) {
      void life.databases.close().catch(() => {});
      await machine.turns(dice.below(10));
      this.#figures.add('stops while closing');
    }
    this.#checkWrites(life);
    this.#witness.losses.push(...indexFaults(life.database.engine.store));
    for (const client of clients) this.#digest += ` ${client.seenCount}`;
    this.#stop(clock);
  }

  /** The last process: nothing goes wrong, everything comes to its end. */
  async #liveInPeace(): Promise<void> {
    const life = await this.#start();
    await this.#settle(life);
    life.clock.jump(dayMicros);
    life.clock.advance(lateMicrosMax);
    await this.#settle(life);
    const truth = truthOf(life.database);
    if (truth.alarms.length > 0) this.#witness.losses.push(`${truth.alarms.length} alarms never rang`);
    this.#checkWrites(life);
    this.#digest += ` ${truth.calls.join()}`;
    await this.#disk.run(life.databases.close());
  }

  async #dieWhileStarting(): Promise<void> {
    const clock = new VirtualClock(this.#wallMicros);
    const machine = this.#machine(clock, () => {});
    void machine.open().catch(() => {});
    await machine.turns(this.#dice.below(40));
    this.#figures.add('stops while starting');
    this.#stop(clock);
  }

  async #start(): Promise<Life> {
    const probe = this.#dice.oneIn(8) ? this.#disk.copy({ seed: this.#dice.below(2 ** 32) }) : undefined;
    const clock = new VirtualClock(this.#wallMicros);
    const life: Partial<Life> & { failure: Error | undefined } = { failure: undefined };
    const machine = this.#machine(clock, (error) => {
      life.failure = error;
    });
    const files = this.#disk.paths();
    if (files.some((path) => path.endsWith('.snapshot'))) this.#figures.add('starts from a snapshot');
    if (!files.some((path) => path.endsWith('/00000000000000000000.log')))
      this.#figures.add('starts from a trimmed log');
    const databases = await this.#disk.run(machine.open());
    const database = databases.find(databaseName);
    if (!database) throw new Error('the database is gone');
    const truth = truthOf(database);
    this.#witness.recovered(truth);
    this.#witness.losses.push(...indexFaults(database.engine.store));
    if (probe) await this.#flipBit(probe, truth);
    await machine.serve(databases);
    const clients = Array.from({ length: clientCount }, () => this.#connect(machine));
    return Object.assign(life, { machine, clock, databases, database, clients });
  }

  #machine(clock: VirtualClock, fail: (error: Error) => void): Machine {
    const report = (error: unknown) => {
      // A failed log ends the process; until then it refuses.
      if (error instanceof Rejection && error.code === 'log-failed') return;
      this.#witness.losses.push(`a bug was met: ${error instanceof Error ? error.stack : String(error)}`);
    };
    return new Machine({ disk: this.#disk, clock, dice: this.#dice, warn: () => {}, fail, report });
  }

  /** One thing that a client does or that goes wrong. */
  #act({ machine, clock, clients }: Life): void {
    const dice = this.#dice;
    const { net } = machine;
    const at = dice.below(clients.length);
    const client = clients[at];
    if (!client?.isOpen) {
      clients[at] = this.#connect(machine);
      return;
    }
    if (!client.isConnected) return;
    switch (dice.below(26)) {
      case 0:
        client.leave();
        this.#figures.add('clients left');
        return;
      case 1:
        dice.pick(net.connections).drop();
        this.#figures.add('connections dropped');
        return;
      case 2:
        dice.pick(net.connections).delay(dice.below(60));
        this.#figures.add('connections delayed');
        return;
      case 3:
        this.#disk.slowTurns += dice.below(60);
        this.#figures.add('slow disks');
        return;
      case 4:
        this.#disk.roomBytes = this.#disk.usedBytes + dice.below(dice.pick([1, 1000, 20_000]));
        this.#figures.add('full disks');
        return;
      case 5:
        this.#disk.roomBytes = Number.POSITIVE_INFINITY;
        return;
      case 6:
        clock.jump(BigInt(dice.below(7_200_000_000)) - 3_600_000_000n);
        this.#figures.add('clock jumps');
        return;
      default:
        client.call(++this.#lastCall, this.#randomCall());
        this.#figures.add('calls');
    }
  }

  #connect(machine: Machine): LedgerClient {
    const dice = this.#dice;
    return new LedgerClient({
      net: machine.net,
      codecs: this.#codecs,
      witness: this.#witness,
      connection: ++this.#lastConnection,
      version: dice.pick([2, 3]),
      compression: dice.pick(['none', 'gzip', 'brotli']),
      isConfirmed: !dice.oneIn(4),
      token: dice.pick(['anna', 'ben']),
    });
  }

  #randomCall(): LedgerCall {
    const dice = this.#dice;
    const key = () => dice.below(8);
    const text = () => 'x'.repeat(dice.pick([0, 3, 40, 700]));
    const amount = BigInt(dice.below(100));
    switch (dice.below(9)) {
      case 0:
        return { reducer: 'closeAll', owner: dice.below(3) };
      case 1:
        return { reducer: 'rename', key: key(), name: text() };
      case 2:
      case 3:
      case 4:
        return { reducer: 'move', from: key(), to: key(), amount };
      case 5:
        return { reducer: 'remind', afterMicros: BigInt(dice.below(dice.oneIn(3) ? 3_600_000_000 : 20_000)) };
      default:
        return { reducer: 'open', key: key(), owner: dice.below(3), amount, name: text() };
    }
  }

  /** Nothing goes wrong any more: everybody comes to see the state. */
  async #settle(life: Life): Promise<void> {
    const { machine, clock, clients, database } = life;
    this.#disk.roomBytes = Number.POSITIVE_INFINITY;
    for (let turns = 0, quietTurns = 0; quietTurns < quietTurnsMin; turns++) {
      if (life.failure) return;
      for (const [at, client] of clients.entries()) if (!client.isOpen) clients[at] = this.#connect(machine);
      const isDone = clients.every(({ isIdle }) => isIdle) && !machine.net.isBusy && database.engine.hasRoom;
      quietTurns = isDone && database.durableOffset === database.offset ? quietTurns + 1 : 0;
      // Whoever waits for room looks for it now and then.
      clock.advance(10_000n);
      if (turns > settleTurnsMax) throw new Error('the machine does not settle');
      await machine.turn();
    }
    const truth = truthOf(database);
    this.#witness.settled(truth);
    for (const client of clients) {
      if (client.seenCount !== truth.calls.length) {
        this.#witness.losses.push(`a replica shows ${client.seenCount} of ${truth.calls.length} calls`);
      }
    }
  }

  /** A copy of the disk with one bit flipped is refused by name, or comes to the same state. */
  async #flipBit(disk: SimDisk, truth: Truth): Promise<void> {
    const path = this.#dice.pick(disk.paths().filter((path) => disk.peek(path).length > 0));
    disk.flip(path, this.#dice.below(disk.peek(path).length * 8));
    this.#figures.add('bits flipped');
    const warnings: string[] = [];
    const fail = () => {};
    const clock = new VirtualClock(this.#wallMicros);
    const parts = {
      disk,
      clock,
      dice: this.#dice,
      warn: (text: string) => void warnings.push(text),
      fail,
      report: fail,
    };
    try {
      const databases = await disk.run(new Machine(parts).open());
      const database = databases.find(databaseName);
      const found = database && truthOf(database);
      if (linesOf(found) !== linesOf(truth)) {
        this.#witness.losses.push(`a flipped bit in ${path} was taken for the truth (${warnings.join()})`);
      } else if (warnings.some((warning) => warning.includes(path)))
        this.#figures.add('flipped bits passed over by name');
      await disk.run(databases.close());
    } catch (error) {
      const isNamed = error instanceof Rejection && error.message.includes(path);
      if (!isNamed) this.#witness.losses.push(`a flipped bit in ${path} was not named: ${String(error)}`);
      this.#figures.add('flipped bits refused by name');
    }
    disk.stop('kill', 0);
  }

  /** A hub whose log could not be written has stopped. */
  #checkWrites({ failure }: Life): void {
    if (this.#disk.failures.has('EIO') && !failure) this.#witness.losses.push('a failed write did not stop the hub');
  }

  #stop(clock: VirtualClock): void {
    const how: Stop = this.#dice.pick(['power-cut', 'kill']);
    this.#figures.add(how === 'kill' ? 'kills' : 'power cuts');
    for (const [code, count] of this.#disk.failures) this.#figures.add(`writes failed with ${code}`, count);
    this.#witness.stopped();
    this.#wallMicros = clock.wallMicros;
    this.#disk = this.#disk.stop(how, this.#dice.below(2 ** 32));
    modules.release();
  }

  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#witness.losses.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}

/** A process that serves. */
interface Life {
  readonly machine: Machine;
  readonly clock: VirtualClock;
  readonly databases: LocalDatabases;
  readonly database: HostedDatabase;
  readonly clients: LedgerClient[];
  failure: Error | undefined;
}

/** Equal for equal contents: the order of rows is nobody's promise. */
function linesOf(truth: Truth | undefined): string {
  if (!truth) return 'nothing';
  const lines = (rows: readonly object[]) =>
    rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))).sort();
  return [truth.calls, ...[truth.accounts, truth.alarms, truth.rings].map(lines)].join('\n');
}
