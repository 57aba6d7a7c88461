import { type AppendFile, type Disk, type Lock, locked } from '../disk.ts';
import { Dice } from './dice.ts';
import { SimFile, sectorBytes } from './sim-file.ts';

/** An append makes room for those after it, as Node's disk does. */
const roomUnitBytes = 2048;

export interface SimDiskOptions {
  /** What happens by chance follows from it. */
  readonly seed: number;
  /** Says that changes are durable before they are: for a checker that must notice. Default false. */
  readonly isLying?: boolean;
}

/** What goes wrong with the next append that comes to it. */
export type DiskFault = 'disk-full' | 'append-fails' | 'sync-fails';

/** How a machine stops. A killed process leaves to the next what the operating system had taken from it. */
export type Stop = 'power-cut' | 'kill';

/**
 * Files in memory that forget and fail as real ones do. Every operation waits, several times, until `turn` lets it go
 * on: between two turns the disk can be stopped, and what had not been synced is then lost, reordered or torn.
 * Directory entries are made durable in their order. Not simulated: a page that reads well but can never be written.
 */
export class SimDisk implements Disk {
  readonly #options: SimDiskOptions;
  readonly #dice: Dice;
  /** The directory entries as processes see them, and those that survive a power cut. */
  readonly #files: Map<string, SimFile>;
  readonly #durable: Map<string, SimFile>;
  /** Changes of entries that are not durable yet, in their order. */
  #entryChanges: ((files: Map<string, SimFile>) => void)[] = [];
  readonly #locks = new Set<string>();
  #waiting: (() => void)[] = [];
  #isStopped = false;
  #fault: DiskFault | undefined;
  /** So many turns pass before anything goes on: the disk is slow. */
  slowTurns = 0;
  /** Bytes that all files may have together. */
  roomBytes = Number.POSITIVE_INFINITY;
  /** How often a write or sync failed so far, by the operating system's code. */
  readonly failures = new Map<string, number>();

  constructor(options: SimDiskOptions, files = new Map<string, SimFile>(), durable = new Map<string, SimFile>()) {
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#files = files;
    this.#durable = durable;
  }

  /** How many operations wait for a turn. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Lets one waiting operation go one step on. */
  turn(): void {
    if (this.#isStopped || this.#waiting.length === 0) return;
    if (this.slowTurns > 0) {
      this.slowTurns -= 1;
      return;
    }
    const [next] = this.#waiting.splice(this.#dice.below(this.#waiting.length), 1);
    next?.();
  }

  /** Takes turns until `promise` settles. Never resolves when the disk stops meanwhile. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    while (!isSettled) {
      this.turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return await promise;
  }

  /** The next append that is tried fails so. A full disk takes a part of it. */
  failNext(fault: DiskFault): void {
    this.#fault = fault;
  }

  /** Stops the machine: what waits waits for ever. @returns the disk that the next process finds, and nobody's locks */
  stop(how: Stop, seed: number): SimDisk {
    this.#isStopped = true;
    this.#waiting = [];
    const options = { ...this.#options, seed };
    if (how === 'kill') {
      const next = new SimDisk(options, this.#files, this.#durable);
      next.#entryChanges = this.#entryChanges;
      return next;
    }
    const kept = this.#dice.below(this.#entryChanges.length + 1);
    for (const change of this.#entryChanges.slice(0, kept)) change(this.#durable);
    const files = new Map<string, SimFile>();
    for (const [path, file] of this.#durable) files.set(path, file.afterPowerCut(this.#dice));
    return new SimDisk(options, new Map(files), new Map(files));
  }

  /** A disk with the same files that shares nothing with this one. Everything on it is durable. */
  copy(options: SimDiskOptions): SimDisk {
    const files = new Map<string, SimFile>();
    for (const [path, { current }] of this.#files) files.set(path, new SimFile(current, current));
    return new SimDisk(options, files, new Map(files));
  }

  /** The paths of all files, ascending. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** What a process reads, without waiting. */
  peek(path: string): Buffer {
    return Buffer.from(this.#fileOf(path).current);
  }

  /** Puts bytes in a file as decay or a person would. */
  poke(path: string, bytes: Buffer): void {
    const file = new SimFile(bytes, bytes);
    this.#files.set(path, file);
    this.#durable.set(path, file);
  }

  /** Turns one bit of a file over. @param bit counted from the start of the file */
  flip(path: string, bit: number): void {
    const bytes = this.peek(path);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    this.poke(path, bytes);
  }

  async makeDirectory(): Promise<void> {
    await this.#step();
  }

  async list(directory: string): Promise<string[]> {
    await this.#step();
    const inside = this.paths().filter((path) => path.startsWith(`${directory}/`));
    return [...new Set(inside.map((path) => path.slice(directory.length + 1).split('/')[0] ?? ''))];
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    await this.#step();
    const file = this.#files.get(path);
    return file && Buffer.from(file.current);
  }

  async readPart(path: string, fromByte: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    return (await this.read(path))?.subarray(fromByte, fromByte + lengthBytes);
  }

  async openAppend(path: string): Promise<AppendFile> {
    await this.#step();
    if (!this.#files.has(path)) this.#link(path, new SimFile());
    const file = this.#fileOf(path);
    // What a killed process left in the operating system's memory counts as read only once it is durable.
    await this.#sync(file);
    await this.#syncEntries();
    let sizeBytes = file.current.length;
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      append: async (bytes) => {
        await this.#write(file, sizeBytes, bytes, roomUnitBytes);
        sizeBytes += bytes.length;
      },
      close: async () => {
        if (file.current.length > sizeBytes) await this.#cut(file, sizeBytes);
      },
    };
  }

  async truncate(path: string, lengthBytes: number): Promise<void> {
    await this.#cut(this.#fileOf(path), lengthBytes);
  }

  async writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
    const file = new SimFile();
    await this.#step();
    this.#link(`${path}.new`, file);
    try {
      await this.#write(file, 0, bytes, 1);
    } catch (error) {
      await this.remove(`${path}.new`);
      throw error;
    }
    await this.rename(`${path}.new`, path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step();
    const file = this.#fileOf(from);
    this.#change((files) => {
      files.delete(from);
      files.set(to, file);
    });
    await this.#syncEntries();
  }

  async remove(path: string): Promise<void> {
    await this.#step();
    const gone = this.paths().filter((file) => file === path || file.startsWith(`${path}/`));
    for (const file of gone) this.#change((files) => files.delete(file));
    await this.#syncEntries();
  }

  async freeBytes(): Promise<number> {
    await this.#step();
    return Math.max(0, this.roomBytes - this.usedBytes);
  }

  async lock(path: string): Promise<Lock> {
    await this.#step();
    if (this.#locks.has(path)) throw locked(path, 'this process');
    this.#locks.add(path);
    return {
      release: async () => {
        this.#locks.delete(path);
      },
    };
  }

  /** Where the file is too short, it grows to a multiple of `unitBytes`. A write is interrupted only between sectors. */
  async #write(file: SimFile, at: number, bytes: Uint8Array, unitBytes: number): Promise<void> {
    const fault = this.#takeFault();
    if (fault === 'append-fails') throw this.#failure('EIO', 'i/o error, write');
    const before = file.current.length;
    const end = at + bytes.length;
    const reachable = before + Math.max(0, this.roomBytes - this.usedBytes);
    const wanted = end <= before ? end : Math.ceil(end / unitBytes) * unitBytes;
    const until = fault === 'disk-full' ? at + this.#dice.below(bytes.length) : Math.min(wanted, reachable);
    const isWhole = until >= end;
    const stop = isWhole ? until : Math.max(at, until - (until % sectorBytes));
    const pause = at + this.#dice.below(stop - at + 1);
    for (const to of [Math.max(at, pause - (pause % sectorBytes)), stop]) {
      await this.#step();
      file.write(at, bytes, to);
    }
    if (!isWhole) throw this.#failure('ENOSPC', 'no space left on device, write');
    if (fault === 'sync-fails') {
      await this.#step();
      throw this.#failure('EIO', 'i/o error, fdatasync');
    }
    await this.#sync(file);
  }

  async #cut(file: SimFile, lengthBytes: number): Promise<void> {
    await this.#step();
    file.current = file.current.subarray(0, lengthBytes);
    await this.#sync(file);
  }

  async #sync(file: SimFile): Promise<void> {
    if (this.#options.isLying) return;
    await this.#step();
    file.sync();
  }

  async #syncEntries(): Promise<void> {
    if (this.#options.isLying) return;
    await this.#step();
    for (const change of this.#entryChanges) change(this.#durable);
    this.#entryChanges = [];
  }

  #link(path: string, file: SimFile): void {
    this.#change((files) => files.set(path, file));
  }

  #change(change: (files: Map<string, SimFile>) => void): void {
    change(this.#files);
    this.#entryChanges.push(change);
  }

  #fileOf(path: string): SimFile {
    const file = this.#files.get(path);
    if (file === undefined) throw this.#failure('ENOENT', `no such file or directory, '${path}'`);
    return file;
  }

  #takeFault(): DiskFault | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  #failure(code: string, message: string): Error {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
    return Object.assign(new Error(`${code}: ${message}`), { code });
  }

  /** Bytes of all files together. */
  get usedBytes(): number {
    let bytes = 0;
    for (const { current } of this.#files.values()) bytes += current.length;
    return bytes;
  }

  #step(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isStopped) this.#waiting.push(resolve);
    });
  }
}
