import { Rejection } from '../errors.ts';
import type { Disk } from '../host/disk.ts';

const fileName = 'reserve';
const mebibyte = 1024 * 1024;

/** Whether the operating system has refused a write for want of room. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/**
 * Makes files in a directory that may not fit there.
 * @param write leaves nothing when it fails @throws Rejection `disk-full` that says how much is free
 */
export async function withRoom<T>(disk: Disk, directory: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause;
    const freeMiB = Math.floor((await disk.freeBytes(directory)) / mebibyte);
    const message =
      `the disk of ${directory} is full: ${freeMiB} MiB are free there, and more is needed. Nothing was left of it; ` +
      'make room there, or choose another disk';
    throw new Rejection('disk-full', message, { cause });
  }
}

/**
 * Room that is taken while there is plenty and given up when the disk is full, so that what was accepted before can still
 * be written, and what must go on can go on for a while.
 */
export class Reserve {
  readonly bytesMax: number;
  /** Bytes that the disk had beside the reserve when it was looked at last, less what was written since. */
  freeBytes = Number.POSITIVE_INFINITY;
  readonly #disk: Disk;
  readonly #directory: string;
  #isKept = false;
  #spentBytes = 0;
  #unseenBytes = 0;

  /** @param bytesMax 0 keeps none */
  constructor(disk: Disk, directory: string, bytesMax: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.bytesMax = bytesMax;
  }

  /** Whether it is there in full. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Whether it is there and as much again is free. */
  get isAmple(): boolean {
    return this.#isKept && this.freeBytes >= this.bytesMax;
  }

  /** Of what was given up, the bytes that have not been promised to anybody. */
  get leftBytes(): number {
    return this.bytesMax - this.#spentBytes;
  }

  /** A commit that must go on was promised so many bytes of what was given up. */
  spend(bytes: number): void {
    this.#spentBytes += bytes;
  }

  /** So many bytes were written: looks again when they are many. */
  async noteWritten(bytes: number): Promise<void> {
    this.freeBytes -= bytes;
    this.#unseenBytes += bytes;
    // What others have freed meanwhile is not known: nobody is refused for an old figure.
    if (this.#unseenBytes > this.bytesMax / 4 || this.freeBytes < this.bytesMax) await this.look();
  }

  async look(): Promise<void> {
    this.#unseenBytes = 0;
    if (this.bytesMax > 0) this.freeBytes = await this.#disk.freeBytes(this.#directory);
  }

  /** Gives the room up. @returns false when there was none */
  async release(): Promise<boolean> {
    if (!this.#isKept || this.bytesMax === 0) return false;
    this.#isKept = false;
    this.#spentBytes = 0;
    await this.#disk.remove(this.#file);
    await this.look();
    return true;
  }

  /** Takes the room, if there is so much and as much again beside it. */
  async take(): Promise<void> {
    if (this.bytesMax > 0) await this.#write();
    this.#isKept ||= this.bytesMax === 0;
    if (this.isAmple) this.#spentBytes = 0;
  }

  async #write(): Promise<void> {
    this.#isKept = (await this.#disk.readPart(this.#file, this.bytesMax - 1, 1))?.length === 1;
    await this.look();
    if (this.#isKept || this.freeBytes < 2 * this.bytesMax) return;
    try {
      await this.#disk.writeAtomic(this.#file, new Uint8Array(this.bytesMax));
      this.#isKept = true;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
    await this.look();
  }

  get #file(): string {
    return `${this.#directory}/${fileName}`;
  }
}
