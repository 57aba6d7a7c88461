import { constants, existsSync, fdatasync, fdatasyncSync, read, readSync, write, writev, writevSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { AppendFile, Disk } from '../disk.ts';
import { lockFile } from './lock.ts';

/** Where a write can itself wait until its bytes are durable, that saves a second trip to the thread pool. */
const canSyncOnWrite = process.platform === 'linux';

/**
 * Files grow by this much at a time, in zeros. A write into bytes that the file has already changes nothing that the file
 * system must note in its journal, which halves the time until it is durable.
 */
const roomBytes = 1024 * 1024;
const zeros = Buffer.alloc(roomBytes);

class NodeAppendFile implements AppendFile {
  readonly #calls: Calls;
  readonly #file: FileHandle;
  #sizeBytes: number;
  #roomEnd: number;

  constructor(calls: Calls, file: FileHandle, sizeBytes: number) {
    this.#calls = calls;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#roomEnd = sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const start = this.#sizeBytes;
    const end = start + bytes.length;
    for (let at = start; at < end; ) at += await this.#write(bytes.subarray(at - start), at);
    this.#roomEnd = Math.max(this.#roomEnd, end);
    this.#sizeBytes = end;
    if (!canSyncOnWrite) await this.#calls.datasync(this.#file.fd);
  }

  async close(): Promise<void> {
    try {
      if (this.#roomEnd > this.#sizeBytes) {
        await this.#file.truncate(this.#sizeBytes);
        await this.#file.sync();
      }
    } finally {
      await this.#file.close();
    }
  }

  /** Writes some of `bytes`, and room after them where there is none. */
  #write(bytes: Uint8Array, at: number): Promise<number> | number {
    if (at + bytes.length > this.#roomEnd) return this.#writeWithRoom(bytes, at);
    return this.#calls.write(this.#file.fd, [bytes], at);
  }

  async #writeWithRoom(bytes: Uint8Array, at: number): Promise<number> {
    const room = zeros.subarray(0, roomBytes - ((at + bytes.length) % roomBytes));
    const written = await this.#calls.write(this.#file.fd, [bytes, room], at);
    this.#roomEnd = at + written;
    return Math.min(written, bytes.length);
  }
}

/** How the operating system is asked. */
interface Calls {
  write(fd: number, buffers: readonly Uint8Array[], at: number): Promise<number> | number;
  read(fd: number, target: Uint8Array, at: number): Promise<number> | number;
  datasync(fd: number): Promise<void> | void;
}

/** From the pool of threads that all of the process shares. */
const pooled: Calls = {
  write: (fd, buffers, at) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, written: number) => (error ? reject(error) : resolve(written));
      const [first] = buffers;
      if (first && buffers.length === 1) write(fd, first, 0, first.length, at, done);
      else writev(fd, buffers, at, done);
    }),
  read: (fd, target, at) =>
    new Promise((resolve, reject) => {
      read(fd, target, 0, target.length, at, (error, count) => (error ? reject(error) : resolve(count)));
    }),
  datasync: (fd) =>
    new Promise((resolve, reject) => {
      fdatasync(fd, (error) => (error ? reject(error) : resolve()));
    }),
};

/** On the thread itself. */
const waiting: Calls = {
  write: (fd, buffers, at) => writevSync(fd, buffers, at),
  read: (fd, target, at) => readSync(fd, target, 0, target.length, at),
  datasync: fdatasyncSync,
};

export const nodeDisk: Disk = {
  makeDirectory: async (path) => {
    const wanted = resolve(path);
    try {
      await mkdir(wanted);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EEXIST') return;
      // Node's own recursive mkdir never ends where the directory above exists and refuses, such as in /proc.
      if (code !== 'ENOENT' || existsSync(dirname(wanted))) throw error;
      await nodeDisk.makeDirectory(dirname(wanted));
      await mkdir(wanted);
    }
    // The entry of a new directory is in the one above it.
    await syncDirectory(dirname(wanted));
  },
  list: async (directory) => ((await unlessMissing(readdir(directory))) ?? []).sort(),
  read: (path) => unlessMissing(readFile(path)),
  readPart: (path, fromByte, lengthBytes) => readPart(pooled, path, fromByte, lengthBytes),
  openAppend: (path) => openAppend(pooled, path),
  truncate: (path, lengthBytes) =>
    withFile(path, 'r+', async (file) => {
      await file.truncate(lengthBytes);
      await file.sync();
    }),
  writeAtomic: async (path, bytes) => {
    const draft = `${path}.new`;
    try {
      await withFile(draft, 'w', async (file) => {
        await file.writeFile(bytes);
        await file.sync();
      });
    } catch (error) {
      // On a full disk a draft takes room that others could use.
      await rm(draft, { force: true });
      throw error;
    }
    await nodeDisk.rename(draft, path);
  },
  rename: async (from, to) => {
    await rename(from, to);
    await syncDirectory(dirname(to));
    if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
  },
  remove: async (path) => {
    await rm(path, { force: true, recursive: true });
    await syncDirectory(dirname(path));
  },
  freeBytes: async (directory) => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
  lock: lockFile,
};

/**
 * The same for a thread that may wait while its bytes are read and written: it keeps away from the pool, whose lock the
 * hub's thread would wait for while this thread has it and no core.
 */
export const waitingNodeDisk: Disk = {
  ...nodeDisk,
  readPart: (path, fromByte, lengthBytes) => readPart(waiting, path, fromByte, lengthBytes),
  openAppend: (path) => openAppend(waiting, path),
};

/** @returns undefined when there is no such file or directory */
async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readPart(calls: Calls, path: string, fromByte: number, lengthBytes: number) {
  const file = await unlessMissing(open(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafeSlow(lengthBytes);
    let done = 0;
    while (done < lengthBytes) {
      const count = await calls.read(file.fd, bytes.subarray(done), fromByte + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    await file.close();
  }
}

async function openAppend(calls: Calls, path: string): Promise<AppendFile> {
  const { O_CREAT, O_WRONLY, O_DSYNC } = constants;
  const file = await open(path, O_CREAT | O_WRONLY | (canSyncOnWrite ? O_DSYNC : 0), 0o600);
  const { size } = await file.stat();
  // A killed process may have left bytes, and the file itself, that only the operating system's memory holds.
  await file.datasync();
  await syncDirectory(dirname(path));
  return new NodeAppendFile(calls, file, size);
}

async function withFile(path: string, flags: string, act: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await act(file);
  } finally {
    await file.close();
  }
}

/** Makes the names in a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories; its file systems log their names themselves.
  if (process.platform === 'win32') return;
  await withFile(path, 'r', (file) => file.sync());
}
