import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Rejection } from '../errors.ts';
import type { AppendFile, Disk } from '../host/disk.ts';
import { blockBytes, encodeTarHeader, paddingOf } from './tar.ts';

/** Where a backup is written to. */
export interface BackupTarget {
  /** Writes one file; durable when the target is finished. @returns its SHA-256 in hex */
  write(path: string, sizeBytes: number, chunks: AsyncIterable<Uint8Array>): Promise<string>;
  /** From now on it is a backup. */
  finish(): Promise<void>;
  /** Leaves nothing of it. */
  discard(): Promise<void>;
}

const compress = promisify(gzip);
/** Most of the log's bytes are ids and times: more effort gains little. */
const compressionLevel = 1;

/** A new folder, or a file when the path ends in `.tar`, `.tar.gz` or `.tgz`. @throws Rejection `not-empty` */
export async function openTarget(disk: Disk, path: string, nowSeconds: number): Promise<BackupTarget> {
  if (!isArchive(path)) {
    await makeEmpty(disk, path);
    return new FolderTarget(disk, path);
  }
  const folder = path.slice(0, path.lastIndexOf('/'));
  await disk.makeDirectory(folder);
  if ((await disk.readPart(path, 0, 1)) !== undefined) {
    throw new Rejection('not-empty', `${path} exists already: choose a new name`);
  }
  await disk.remove(`${path}.new`);
  return new ArchiveTarget(disk, path, await disk.openAppend(`${path}.new`), nowSeconds);
}

export function isArchive(path: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/.test(path);
}

export function isCompressed(path: string): boolean {
  return /gz$/.test(path);
}

/** @throws Rejection `not-empty`, `no-folder` when a file is in its place */
export async function requireEmpty(disk: Disk, directory: string): Promise<void> {
  const names = await saying(directory, () => disk.list(directory));
  if (names.length === 0) return;
  throw new Rejection('not-empty', `${directory} is not empty: choose a new folder, or move this one away first`);
}

/** Makes the folder unless it is there. @throws Rejection as `requireEmpty` */
export async function makeEmpty(disk: Disk, directory: string): Promise<void> {
  await requireEmpty(disk, directory);
  await saying(directory, () => disk.makeDirectory(directory));
}

const inTheWay: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file is in its place',
  EEXIST: 'a file is in its place',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
};

async function saying<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = inTheWay[(cause as NodeJS.ErrnoException).code ?? ''];
    if (reason === undefined) throw cause;
    throw new Rejection('no-folder', `${directory} cannot be made: ${reason}; choose a new folder`, { cause });
  }
}

/** Writes a file of a folder piece by piece; it has its name once it is whole. @returns its SHA-256 in hex */
export async function writeChunks(disk: Disk, path: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  await disk.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  await disk.remove(`${path}.new`);
  const hash = createHash('sha256');
  const file = await disk.openAppend(`${path}.new`);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await file.append(chunk);
    }
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.new`, path);
  return hash.digest('hex');
}

class FolderTarget implements BackupTarget {
  readonly #disk: Disk;
  readonly #folder: string;

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  write(path: string, _sizeBytes: number, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    return writeChunks(this.#disk, `${this.#folder}/${path}`, chunks);
  }

  async finish(): Promise<void> {}

  async discard(): Promise<void> {
    await this.#disk.remove(this.#folder);
  }
}

class ArchiveTarget implements BackupTarget {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #file: AppendFile;
  readonly #nowSeconds: number;

  constructor(disk: Disk, path: string, file: AppendFile, nowSeconds: number) {
    this.#disk = disk;
    this.#path = path;
    this.#file = file;
    this.#nowSeconds = nowSeconds;
  }

  async write(path: string, sizeBytes: number, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const hash = createHash('sha256');
    await this.#append(encodeTarHeader({ path, sizeBytes }, this.#nowSeconds));
    for await (const chunk of chunks) {
      hash.update(chunk);
      await this.#append(chunk);
    }
    await this.#append(Buffer.alloc(paddingOf(sizeBytes)));
    return hash.digest('hex');
  }

  async finish(): Promise<void> {
    await this.#append(Buffer.alloc(2 * blockBytes));
    await this.#file.close();
    await this.#disk.rename(`${this.#path}.new`, this.#path);
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await this.#disk.remove(`${this.#path}.new`);
  }

  /** Each piece is compressed by itself: one after another they are one stream to every program. */
  async #append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await this.#file.append(isCompressed(this.#path) ? await compress(bytes, { level: compressionLevel }) : bytes);
  }
}
