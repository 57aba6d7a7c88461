import type { HostedDatabase } from '../../database.ts';
import { LocalDatabases } from '../../databases.ts';
import { assert } from '../../errors.ts';
import { VirtualClock } from '../../host/sim/clock.ts';
import { MemoryDisk } from '../../log/testing/memory-disk.ts';
import type { HistoryFilter } from '../../serve/contract.ts';
import { takeSnapshot } from '../../snapshots/take.ts';
import { TestClient } from '../../testing/client.ts';
import { bundleOf, loadOnce } from '../../testing/modules.ts';
import { SeededRandom } from '../../testing/random.ts';
import { HistoryReader } from '../reader.ts';

const name = 'shelves';
const owner = 1n;

/** A change as a test compares it. */
export interface ToldChange {
  readonly table: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

export interface ToldCommit {
  readonly offset: number;
  readonly time: string;
  readonly action: string;
  readonly caller: string;
  readonly changes: readonly ToldChange[];
  readonly more?: number;
}

export interface ToldPage {
  readonly commits: readonly ToldCommit[];
  readonly next: number | undefined;
  readonly beginsAt: number;
}

export interface ShelvesOptions {
  readonly segmentBytesMax?: number;
  readonly scanBytesMax?: number;
}

/** A database of `test/fixtures/modules/shelves.ts` on a disk in memory, with segments as small as a test wants. */
export class Shelves {
  readonly #options: ShelvesOptions;
  readonly #clock = new VirtualClock(1_000_000_000_000n);
  #disk = new MemoryDisk();
  #databases: LocalDatabases | undefined;
  #calls = 0;

  constructor(options: ShelvesOptions = {}) {
    this.#options = options;
  }

  get database(): HostedDatabase {
    const database = this.#databases?.find(name);
    assert(database, 'nothing has been published');
    return database;
  }

  get disk(): MemoryDisk {
    return this.#disk;
  }

  get directory(): string {
    return `/hub/databases/${this.database.entry.folder}`;
  }

  async publish(version: 'shelves' | 'shelves-next'): Promise<void> {
    this.#databases ??= await this.#open();
    const bundle = await bundleOf(`test/fixtures/modules/${version}.ts`);
    await this.#databases.publish({ name, owner, bundle, clear: false, breakClients: true, token: undefined });
  }

  call(identity: bigint, reducer: string, args: Readonly<Record<string, unknown>>): void {
    this.#calls += 1;
    this.#clock.advance(1_000_000n);
    const client = new TestClient({
      identity,
      connectionId: BigInt(this.#calls),
      claims: '{}',
      database: () => this.database,
    });
    client.open();
    client.call(reducer, args);
    client.disconnect();
  }

  async page(identity: bigint, filter: Partial<HistoryFilter> = {}): Promise<ToldPage> {
    const { commits, ...page } = await this.database.history({ identity, claims: '{}' }, { limit: 1000, ...filter });
    return { ...page, commits: commits.map((text) => JSON.parse(text) as ToldCommit) };
  }

  /** All pages. @param meanwhile runs between two pages */
  async all(identity: bigint, filter: Partial<HistoryFilter> = {}, meanwhile = () => {}): Promise<ToldCommit[]> {
    const told: ToldCommit[] = [];
    let page = await this.page(identity, filter);
    for (;;) {
      told.push(...page.commits);
      if (page.next === undefined) return told;
      meanwhile();
      page = await this.page(identity, { ...filter, before: page.next });
    }
  }

  /** A snapshot, and away with all of the history that it makes superfluous. */
  async trim(): Promise<void> {
    await this.database.engine.durable(this.database.offset);
    const retention = { keepMicros: 0n, nowMicros: this.#clock.nowMicros() + 1n };
    const job = { directory: this.directory, untilOffset: this.database.durableOffset, retention };
    await takeSnapshot(this.#disk, job, loadOnce);
  }

  async restart(): Promise<void> {
    await this.database.engine.durable(this.database.offset);
    this.#disk = this.#disk.afterCrash();
    this.#databases = await this.#open();
  }

  #open(): Promise<LocalDatabases> {
    const { segmentBytesMax, scanBytesMax } = this.#options;
    return LocalDatabases.open({
      disk: this.#disk,
      clock: this.#clock,
      random: new SeededRandom(1),
      directory: '/hub',
      callMsMax: Number.POSITIVE_INFINITY,
      warn: () => {},
      fail: (error) => {
        throw error;
      },
      load: loadOnce,
      history: new HistoryReader(this.#disk, loadOnce, scanBytesMax),
      ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
    });
  }
}
