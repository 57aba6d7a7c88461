import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { Rejection } from '../errors.ts';
import type { Disk } from '../host/disk.ts';
import { readChunks } from '../log/cut.ts';
import { blockBytes, decodeTarHeader, paddingOf } from './tar.ts';
import { isArchive, isCompressed } from './target.ts';

export const manifestFile = 'backup.json';

/** A place below the folder that is restored, never another. */
const filePath = z
  .string()
  .regex(/^(?!\.{0,2}(\/|$))[^\\\0]+$/)
  .refine((path) => !path.split('/').includes('..'));

const backupManifest = z.object({
  format: z.literal(1),
  /** SHA-256 of every file by its path in the backup. */
  files: z.record(filePath, z.string()),
});

export type BackupManifest = Readonly<z.infer<typeof backupManifest>>;

/** One file of a backup. Its chunks must be taken before the next file is asked for. */
export interface BackupFile {
  readonly path: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/** A backup whose every byte has been compared with its checksums. */
export interface VerifiedBackup {
  readonly sizeBytes: number;
  files(): AsyncIterable<BackupFile>;
}

/** @throws Rejection `no-backup`, `backup-damaged`: then nothing of it should be used */
export async function openBackup(disk: Disk, path: string, onRead: (bytes: number) => void): Promise<VerifiedBackup> {
  const files = isArchive(path) ? () => filesOfArchive(disk, path) : () => filesOfFolder(disk, path);
  const seen = new Map<string, string>();
  let sizeBytes = 0;
  let manifest: BackupManifest | undefined;
  for await (const file of files()) {
    const hash = createHash('sha256');
    const parts: Uint8Array[] = [];
    for await (const chunk of file.chunks()) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onRead(sizeBytes);
      if (file.path === manifestFile) parts.push(chunk);
    }
    if (file.path === manifestFile) manifest = readManifest(path, Buffer.concat(parts));
    else seen.set(file.path, hash.digest('hex'));
  }
  if (manifest === undefined)
    throw new Rejection(
      'no-backup',
      `${path} is no finished backup: it has no ${manifestFile}; name a folder, or a file that ends in .tar, .tar.gz or .tgz, that a backup was written to`,
    );
  const known = manifest.files;
  for (const [file, hash] of Object.entries(known)) {
    const found = seen.get(file);
    if (found === hash) continue;
    throw damaged(`${path}: ${file}`, found === undefined ? 'is missing' : 'is not what was written');
  }
  return {
    sizeBytes,
    async *files() {
      for await (const file of files()) if (Object.hasOwn(known, file.path)) yield file;
    },
  };
}

function readManifest(path: string, bytes: Buffer): BackupManifest {
  let content: { readonly format?: unknown } | null;
  try {
    content = JSON.parse(bytes.toString()) as typeof content;
  } catch {
    throw damaged(`${path}: ${manifestFile}`, 'is not what was written');
  }
  const format = content?.format;
  if (typeof format === 'number' && format > 1) {
    const message = `${path} has the backup format ${format}, but this program reads 1: run the version that wrote it`;
    throw new Rejection('backup-version', message);
  }
  const manifest = backupManifest.safeParse(content);
  if (!manifest.success) throw damaged(`${path}: ${manifestFile}`, 'is not what was written');
  return manifest.data;
}

async function* filesOfFolder(disk: Disk, folder: string): AsyncGenerator<BackupFile> {
  const bytes = await disk.read(`${folder}/${manifestFile}`).catch((error: NodeJS.ErrnoException) => {
    // A file that is no archive by its name.
    if (error.code !== 'ENOTDIR') throw error;
  });
  if (bytes === undefined) return;
  for (const path of Object.keys(readManifest(folder, Buffer.from(bytes)).files)) {
    if ((await disk.readPart(`${folder}/${path}`, 0, 1)) === undefined) continue;
    yield { path, chunks: () => readChunks(disk, `${folder}/${path}`) };
  }
  yield { path: manifestFile, chunks: () => readChunks(disk, `${folder}/${manifestFile}`) };
}

async function* filesOfArchive(disk: Disk, archive: string): AsyncGenerator<BackupFile> {
  if ((await disk.readPart(archive, 0, 1)) === undefined) {
    throw new Rejection('no-backup', `there is no file ${archive}`);
  }
  const raw = readChunks(disk, archive);
  const bytes = new Stream(
    archive,
    isCompressed(archive) ? pipeline(Readable.from(raw), createGunzip(), () => {}) : raw,
  );
  for (;;) {
    const header = decodeTarHeader(await bytes.take(blockBytes));
    if (header === undefined) return;
    let left = header.sizeBytes;
    yield {
      path: header.path,
      async *chunks() {
        while (left > 0) {
          const chunk = await bytes.some(left);
          left -= chunk.length;
          yield chunk;
        }
      },
    };
    while (left > 0) left -= (await bytes.some(left)).length;
    await bytes.take(paddingOf(header.sizeBytes));
  }
}

/** Bytes that come in pieces of any length. */
class Stream {
  readonly #archive: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(archive: string, chunks: AsyncIterable<Uint8Array>) {
    this.#archive = archive;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes, at least one and at most `lengthMax`. */
  async some(lengthMax: number): Promise<Buffer> {
    if (this.#rest.length === 0) this.#rest = await this.#next();
    const part = this.#rest.subarray(0, lengthMax);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const part = await this.some(left);
      left -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async #next(): Promise<Buffer> {
    let result: IteratorResult<Uint8Array>;
    try {
      result = await this.#chunks.next();
    } catch (cause) {
      throw damaged(this.#archive, `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`);
    }
    if (result.done) throw damaged(this.#archive, 'ends early');
    return Buffer.from(result.value);
  }
}

function damaged(what: string, seen: string): Rejection {
  return new Rejection('backup-damaged', `${what} ${seen}: nothing was restored; use another backup`);
}
