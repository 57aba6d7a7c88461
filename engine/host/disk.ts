import { Rejection } from '../errors.ts';

/**
 * Files that survive a power cut. When a promise of a change resolves, the change is durable. Paths use `/`; what the
 * operating system refuses is thrown as it says it.
 */
export interface Disk {
  /** Makes a directory and those above it; does nothing when it exists. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory, ascending; none when it does not exist. */
  list(directory: string): Promise<string[]>;
  /** The whole file; undefined when it does not exist. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Up to `lengthBytes` bytes from `fromByte` on, fewer at the end of the file; undefined when it does not exist. */
  readPart(path: string, fromByte: number, lengthBytes: number): Promise<Uint8Array | undefined>;
  /** Opens a file to append to, making it when it does not exist. What it holds is durable when the promise resolves. */
  openAppend(path: string): Promise<AppendFile>;
  /** Cuts a file to its first `lengthBytes` bytes. */
  truncate(path: string, lengthBytes: number): Promise<void>;
  /** Replaces a file as a whole: after a crash it is the old or the new one. When it fails, it is the old one. */
  writeAtomic(path: string, bytes: Uint8Array): Promise<void>;
  /** Moves a file over another, if there is one. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with everything in it; does nothing when there is none. */
  remove(path: string): Promise<void>;
  /** Bytes that could still be written in a directory. */
  freeBytes(directory: string): Promise<number>;
  /**
   * Claims what `path` stands for, for this process alone, until it is released or the process ends.
   * @throws Rejection `data-folder-locked` naming the process that has it
   */
  lock(path: string): Promise<Lock>;
}

export interface AppendFile {
  /** Of what was appended. */
  readonly sizeBytes: number;
  /**
   * Appends all of `bytes`; durable when it resolves. When it fails, any part of them may be in the file. The file may have
   * zeros after them until it is closed, also after a crash.
   */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts the file to what was appended, durably. */
  close(): Promise<void>;
}

export interface Lock {
  release(): Promise<void>;
}

export function locked(path: string, holder: string): Rejection {
  return new Rejection(
    'data-folder-locked',
    `${path} is held by ${holder}: stop that process first, or use another data folder`,
  );
}
