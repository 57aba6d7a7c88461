import { createHash } from 'node:crypto';
import type { DatabaseEntry } from './database.ts';
import { Rejection } from './errors.ts';
import type { Disk, Lock } from './host/disk.ts';
import type { Commit } from './log/commit.ts';
import { openLog } from './log/log.ts';
import { type LogEnd, type Replay, readLog } from './log/recover.ts';
import { listSnapshots, openSnapshot } from './log/snapshot.ts';
import { loadModule } from './module/load.ts';
import { RecoveredState } from './recovery.ts';
import { decodeRegistry, encodeRegistry, registryFile } from './registry.ts';
import { identityOf, identityToHex } from './serve/identity/identity.ts';
import { Store } from './store/store.ts';

/** Up to which commit a past state goes: the last one with this offset, or none after this time. */
export type Moment =
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly micros: bigint };

export interface CheckedDatabase {
  readonly commitCount: number;
  readonly rowCount: number;
  readonly snapshotCount: number;
  /** SHA-256 over the whole history, in hex: note it elsewhere to notice a history that was rewritten. */
  readonly chain: string;
  /** What a crash left at the end, and the next start will cut off. */
  readonly tornBytes: number;
}

interface BackupManifest {
  readonly format: 1;
  /** SHA-256 of every file by its path in the backup. */
  readonly files: Readonly<Record<string, string>>;
}

const manifestFile = 'backup.json';
/** Every other file of a data folder: who signs its tokens, and who owns what it publishes. */
const keyFiles = ['jwt-key.pem', 'operator.token'];
const commitsABatch = 1000;

/** The data folder of a hub that does not run, for whoever looks after it. */
export class DataFolder {
  readonly directory: string;
  readonly entries: readonly DatabaseEntry[];
  readonly #disk: Disk;
  readonly #lock: Lock;

  private constructor(disk: Disk, directory: string, entries: readonly DatabaseEntry[], lock: Lock) {
    this.#disk = disk;
    this.directory = directory;
    this.entries = entries;
    this.#lock = lock;
  }

  /** @throws Rejection `no-data`, `data-folder-locked` */
  static async open(disk: Disk, directory: string): Promise<DataFolder> {
    const file = `${directory}/${registryFile}`;
    const bytes = await disk.read(file);
    if (bytes === undefined) {
      throw new Rejection('no-data', `${directory} holds no databases: name the data folder of a hub`);
    }
    const lock = await disk.lock(`${directory}/lock`);
    try {
      return new DataFolder(disk, directory, decodeRegistry(file, bytes), lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Lets a hub have the folder again. */
  async close(): Promise<void> {
    await this.#lock.release();
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

  /** Reads a database's whole history and changes nothing. @throws LogRejection that names the file and the place */
  history(entry: DatabaseEntry, visit: Replay): Promise<LogEnd> {
    return readLog(this.#disk, this.logOf(entry), visit);
  }

  /** Reads and replays everything that is kept of a database. @throws Rejection that names what is damaged */
  async check(entry: DatabaseEntry): Promise<CheckedDatabase> {
    const state = new RecoveredState(loadModule, new Store());
    const end = await this.history(entry, (commit) => state.replay(commit));
    const snapshots = await listSnapshots(this.#disk, this.logOf(entry));
    for (const file of snapshots) {
      // Refused when the log does not lead to it.
      await readLog(this.#disk, this.logOf(entry), () => {}, {
        after: await openSnapshot(this.#disk, file),
      });
    }
    return {
      commitCount: end.nextOffset,
      rowCount: state.store.tables().reduce((sum, table) => sum + table.rowCount, 0),
      snapshotCount: snapshots.length,
      chain: Buffer.from(end.chain).toString('hex'),
      tornBytes: end.tornTail?.bytes ?? 0,
    };
  }

  /**
   * Copies everything into a new folder and notes the checksum of each file there.
   * @throws Rejection `not-empty`, or what is damaged: a damaged history is not backed up
   */
  async backUp(target: string, tell: (line: string) => void): Promise<void> {
    await requireEmpty(this.#disk, target);
    const paths = [registryFile, ...keyFiles];
    for (const entry of this.entries) {
      const { commitCount } = await this.check(entry);
      tell(`${nameOf(entry)}: ${commitCount} commits verified`);
      const folder = `databases/${entry.folder}`;
      for (const name of await this.#disk.list(this.logOf(entry))) {
        if (/\.(log|snapshot)$/.test(name)) paths.push(`${folder}/${name}`);
      }
    }
    const files: Record<string, string> = {};
    for (const path of paths) {
      const bytes = await this.#disk.read(`${this.directory}/${path}`);
      if (bytes === undefined) continue;
      await writeInto(this.#disk, target, path, bytes);
      files[path] = hashOf(bytes);
    }
    const manifest: BackupManifest = { format: 1, files };
    // Last, so that a backup which was interrupted is none.
    await writeInto(
      this.#disk,
      target,
      manifestFile,
      new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`),
    );
    tell(`${Object.keys(files).length} files`);
  }

  /** Makes a second database from a past state of one. @returns how many commits it has @throws Rejection `name-taken` */
  async fork(entry: DatabaseEntry, name: string, until: Moment | undefined, nonce: string): Promise<number> {
    if (this.entries.some(({ names }) => names.includes(name))) {
      throw new Rejection('name-taken', `there is a database ${name} already: choose another name`);
    }
    const identity = identityToHex(identityOf('helix-database', nonce));
    const folder = `fork-${nonce}`;
    const commitCount = await copyHistory(
      this.#disk,
      this.logOf(entry),
      `${this.directory}/databases/${folder}`,
      until,
    );
    if (commitCount === 0) {
      await this.#disk.remove(`${this.directory}/databases/${folder}`);
      throw new Rejection('no-commits', `${nameOf(entry)} had no commits then: choose a later moment`);
    }
    const forked: DatabaseEntry = { ...entry, identity, folder, names: [name], isLocked: false };
    await saveRegistry(this.#disk, this.directory, [...this.entries, forked]);
    return commitCount;
  }

  logOf({ folder }: DatabaseEntry): string {
    return `${this.directory}/databases/${folder}`;
  }
}

/**
 * Makes a data folder of a backup, whose files are compared with their checksums first.
 * @param until leaves out what came later; an offset is possible only with a single database
 * @throws Rejection `no-backup`, `backup-damaged`, `not-empty`, `several-databases`
 */
export async function restore(
  disk: Disk,
  backup: string,
  directory: string,
  until: Moment | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const manifest = await disk.read(`${backup}/${manifestFile}`);
  if (manifest === undefined)
    throw new Rejection(
      'no-backup',
      `${backup} is no finished backup: it has no ${manifestFile}; name a folder that a backup was written to`,
    );
  await requireEmpty(disk, directory);
  const { files } = JSON.parse(new TextDecoder().decode(manifest)) as BackupManifest;
  for (const [path, hash] of Object.entries(files)) {
    const bytes = await disk.read(`${backup}/${path}`);
    if (bytes !== undefined && hashOf(bytes) === hash) continue;
    const seen = bytes === undefined ? 'is missing' : 'is not what was written';
    throw new Rejection('backup-damaged', `${backup}/${path} ${seen}: nothing was restored; use another backup`);
  }
  const saved = `${backup}/${registryFile}`;
  const entries = decodeRegistry(saved, (await disk.read(saved)) ?? new Uint8Array());
  if (until?.kind === 'offset' && entries.length > 1) {
    throw new Rejection('several-databases', 'the backup has several databases, whose offsets differ: give a time');
  }
  for (const path of Object.keys(files)) {
    if (path === registryFile || (until && path.startsWith('databases/'))) continue;
    await writeInto(disk, directory, path, (await disk.read(`${backup}/${path}`)) ?? new Uint8Array());
  }
  const kept: DatabaseEntry[] = [];
  for (const entry of entries) {
    const log = `databases/${entry.folder}`;
    const commitCount = until
      ? await copyHistory(disk, `${backup}/${log}`, `${directory}/${log}`, until)
      : (await readLog(disk, `${directory}/${log}`, () => {})).nextOffset;
    tell(`${nameOf(entry)}: ${commitCount} commits${commitCount === 0 ? ', so it is left out' : ''}`);
    if (commitCount > 0) kept.push(entry);
  }
  // Last, so that a restore which was interrupted is no data folder.
  await saveRegistry(disk, directory, kept);
}

/** Writes the first part of a log as a new one. @returns how many commits it has */
async function copyHistory(disk: Disk, from: string, to: string, until: Moment | undefined): Promise<number> {
  const log = await openLog({ disk, directory: to, replay: () => {} });
  let isOver = false;
  try {
    await readLog(disk, from, async (commit) => {
      isOver ||= isAfter(commit, until);
      if (isOver) return;
      log.append(commit);
      if (commit.offset % commitsABatch === 0) await log.flush();
    });
  } finally {
    await log.close();
  }
  return log.offset + 1;
}

function isAfter(commit: Commit, until: Moment | undefined): boolean {
  if (until === undefined) return false;
  return until.kind === 'offset' ? commit.offset > until.offset : commit.timestampMicros > until.micros;
}

async function requireEmpty(disk: Disk, directory: string): Promise<void> {
  await disk.makeDirectory(directory);
  if ((await disk.list(directory)).length === 0) return;
  throw new Rejection('not-empty', `${directory} is not empty: choose a new folder`);
}

async function writeInto(disk: Disk, directory: string, path: string, bytes: Uint8Array): Promise<void> {
  const file = `${directory}/${path}`;
  await disk.makeDirectory(file.slice(0, file.lastIndexOf('/')));
  await disk.writeAtomic(file, bytes);
}

async function saveRegistry(disk: Disk, directory: string, entries: readonly DatabaseEntry[]): Promise<void> {
  await writeInto(disk, directory, registryFile, encodeRegistry(entries));
}

function nameOf({ names, identity }: DatabaseEntry): string {
  return names[0] ?? identity;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
