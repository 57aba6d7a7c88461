import { type CheckedDatabase, checkDatabase, type KeptHistory, keptHistory, type OnRead } from './check.ts';
import type { DatabaseEntry } from './database.ts';
import { Rejection } from './errors.ts';
import { forkLog } from './fork.ts';
import type { Disk } from './host/disk.ts';
import { checkHostKeys } from './key-files.ts';
import type { Moment } from './log/moment.ts';
import { type Replay, readLog } from './log/recover.ts';
import { loadModule } from './module/load.ts';
import { databasesFolder, forkedEntry, readRegistry, saveRegistry } from './registry.ts';
import { withAdvice } from './rescue.ts';

/** A data folder for whoever looks after it, whether its hub runs or not. */
export class DataFolder {
  readonly directory: string;
  readonly entries: readonly DatabaseEntry[];
  readonly #disk: Disk;

  private constructor(disk: Disk, directory: string, entries: readonly DatabaseEntry[]) {
    this.#disk = disk;
    this.directory = directory;
    this.entries = entries;
  }

  /** @throws Rejection `no-data`, `registry-damaged` */
  static async open(disk: Disk, directory: string): Promise<DataFolder> {
    return new DataFolder(disk, directory, await readRegistry(disk, directory));
  }

  /** A database by its name or identity; the only one by default. @throws Rejection `no-such-database` that lists them */
  find(nameOrIdentity: string | undefined): DatabaseEntry {
    const found = this.entries.filter(
      ({ names, identity }) => nameOrIdentity === undefined || [...names, identity].includes(nameOrIdentity),
    );
    const [only] = found;
    if (only && found.length === 1) return only;
    const what =
      nameOrIdentity === undefined ? 'there are several databases' : `there is no database ${nameOrIdentity}`;
    const known = this.entries.map(({ names, identity }) => names[0] ?? identity).join(', ');
    throw new Rejection('no-such-database', `${what}: choose one of ${known || 'none'}`);
  }

  /** Verifies what is kept of a database. @throws LogRejection that names the file and the place */
  kept(entry: DatabaseEntry, onRead?: OnRead): Promise<KeptHistory> {
    return this.#withAdvice(entry, () => keptHistory(this.#disk, this.#logOf(entry), onRead));
  }

  /** Reads the commits after the base of a history that was verified, in whole batches, until one reaches `untilOffset` or the end. */
  async replay(entry: DatabaseEntry, { base, end }: KeptHistory, untilOffset: number, visit: Replay): Promise<void> {
    const last = Math.min(end.nextOffset, untilOffset);
    const isEnough = ({ nextOffset }: { readonly nextOffset: number }) => nextOffset >= last;
    await readLog(this.#disk, this.#logOf(entry), visit, { after: base, isEnough });
  }

  /** Verifies the keys. @throws Rejection `signing-key`, `operator-token`, `key-missing` that names the file */
  checkKeys(): Promise<void> {
    return checkHostKeys(this.#disk, this.directory);
  }

  /** Verifies and replays everything that is kept of a database. @throws Rejection that names what is damaged */
  check(entry: DatabaseEntry, onRead?: OnRead): Promise<CheckedDatabase> {
    return this.#withAdvice(entry, () => checkDatabase(this.#disk, this.#logOf(entry), onRead));
  }

  /**
   * Makes a second database from a past state of one. The hub must not run: a running one does that itself.
   * @param nonce 32 hex digits that were never used
   * @returns how many commits it has @throws Rejection `data-folder-locked`, `name-taken`, `no-commits`
   */
  async fork(entry: DatabaseEntry, name: string, until: Moment | undefined, nonce: string): Promise<number> {
    const lock = await this.#disk.lock(`${this.directory}/lock`);
    try {
      const entries = await readRegistry(this.#disk, this.directory);
      if (entries.some(({ names }) => names.includes(name))) {
        throw new Rejection('name-taken', `there is a database ${name} already: choose another name`);
      }
      const forked = forkedEntry(entry, name, nonce);
      const job = { from: this.#logOf(entry), to: this.#logOf(forked), until };
      const commitCount = await this.#withAdvice(entry, () => forkLog(this.#disk, job, loadModule));
      await saveRegistry(this.#disk, this.directory, [...entries, forked]);
      return commitCount;
    } finally {
      await lock.release();
    }
  }

  #withAdvice<T>({ folder }: DatabaseEntry, read: () => Promise<T>): Promise<T> {
    return withAdvice(this.#disk, this.directory, folder, read);
  }

  #logOf({ folder }: DatabaseEntry): string {
    return `${this.directory}/${databasesFolder}/${folder}`;
  }
}
