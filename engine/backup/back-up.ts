import { dirname } from 'node:path';
import type { DatabaseEntry } from '../database.ts';
import type { Disk } from '../host/disk.ts';
import { checkHostKeys, keyFiles } from '../key-files.ts';
import { cutLog } from '../log/cut.ts';
import { emptyLog } from '../log/failure.ts';
import { withRoom } from '../log/reserve.ts';
import { steadily } from '../log/steadily.ts';
import { encodeRegistry, readRegistry, registryFile } from '../registry.ts';
import { withAdvice } from '../rescue.ts';
import { type KnownBackup, noteBackup } from './known.ts';
import { type BackupManifest, manifestFile } from './source.ts';
import { type BackupTarget, openTarget } from './target.ts';

/** Told how a long work gets on. */
export interface Progress {
  /** A line for people. */
  say(line: string): void;
  /** Bytes verified; or bytes done, of how many. */
  done(bytes: number, ofBytes?: number): void;
}

/**
 * Copies a data folder, whether its hub runs or not: each database as it is at one moment, verified, with the checksum of
 * every file. The target is a new folder, or a file when its name ends in `.tar`, `.tar.gz` or `.tgz`.
 * @throws Rejection `no-data`, `not-empty`, `disk-full`, or what is damaged or missing: then there is no backup
 */
export async function backUp(
  disk: Disk,
  directory: string,
  target: string,
  nowSeconds: number,
  progress: Progress,
): Promise<void> {
  const entries = await readRegistry(disk, directory);
  await checkHostKeys(disk, directory);
  const nextOffsets = await withRoom(disk, dirname(target), async () => {
    const writer = await openTarget(disk, target, nowSeconds);
    try {
      const written = await writeAll(disk, directory, entries, writer, progress);
      await writer.finish();
      return written;
    } catch (error) {
      await writer.discard();
      throw error;
    }
  });
  const at = new Date(nowSeconds * 1000).toISOString();
  try {
    await noteBackup(disk, directory, { path: target, at, nextOffsets });
  } catch (error) {
    // The backup is there, and a data folder that cannot be written is a reason to make one.
    progress.say(`${directory} does not know of it: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function writeAll(
  disk: Disk,
  directory: string,
  entries: readonly DatabaseEntry[],
  target: BackupTarget,
  progress: Progress,
): Promise<KnownBackup['nextOffsets']> {
  const hashes: Record<string, string> = {};
  const nextOffsets: Record<string, number> = {};
  const whole = async (path: string, bytes: Uint8Array) => {
    hashes[path] = await target.write(path, bytes.length, once(bytes));
  };
  const cuts: { readonly folder: string; readonly cut: Awaited<ReturnType<typeof cutLog>> }[] = [];
  for (const entry of entries) {
    const folder = `databases/${entry.folder}`;
    const cut = await withAdvice(disk, directory, entry.folder, async () => {
      const all = await steadily(() =>
        cutLog(disk, `${directory}/${folder}`, undefined, (read) => progress.done(read)),
      );
      if (all.nextOffset === 0) throw emptyLog(`${directory}/${folder}`);
      return all;
    });
    nextOffsets[entry.folder] = cut.nextOffset;
    cuts.push({ folder, cut });
    const since = cut.beginsAt === 0 ? '' : `, history from commit ${cut.beginsAt} on`;
    progress.say(`${entry.names[0] ?? entry.identity}: ${cut.nextOffset} commits verified${since}`);
  }
  const ofBytes = cuts.reduce((sum, { cut }) => sum + cut.sizeBytes, 0);
  let bytes = 0;
  progress.done(bytes, ofBytes);
  for (const { folder, cut } of cuts) {
    for await (const { name, sizeBytes, chunks } of cut.files()) {
      const counted = async function* () {
        for await (const chunk of chunks()) {
          yield chunk;
          bytes += chunk.length;
          progress.done(Math.min(bytes, ofBytes), ofBytes);
        }
      };
      hashes[`${folder}/${name}`] = await target.write(`${folder}/${name}`, sizeBytes, counted());
    }
  }
  for (const path of keyFiles) {
    const content = await disk.read(`${directory}/${path}`);
    if (content !== undefined) await whole(path, content);
  }
  await whole(registryFile, encodeRegistry(entries));
  const files = { ...hashes };
  const manifest: BackupManifest = { format: 1, files };
  // Last, so that a backup which was interrupted is none.
  await whole(manifestFile, new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`));
  progress.say(`${Object.keys(files).length} files`);
  return nextOffsets;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
