import { Rejection } from '../errors.ts';
import type { Disk } from '../host/disk.ts';
import { type Cut, cutLog } from '../log/cut.ts';
import { describeMoment, isoTimeOf, type Moment } from '../log/moment.ts';
import { readLog } from '../log/recover.ts';
import { withRoom } from '../log/reserve.ts';
import { decodeRegistry, registryFile, saveRegistry } from '../registry.ts';
import type { Progress } from './back-up.ts';
import { openBackup, type VerifiedBackup } from './source.ts';
import { isArchive, makeEmpty, requireEmpty, writeChunks } from './target.ts';

/**
 * Makes a data folder of a backup, whose files are compared with their checksums before anything is written.
 * @param until leaves out what came later; an offset is possible only with a single database
 * @throws Rejection `no-backup`, `backup-damaged`, `not-empty`, `no-folder`, `several-databases`, `no-commits`, `disk-full`; LogRejection; nothing is left then
 */
export async function restore(
  disk: Disk,
  backup: string,
  directory: string,
  until: Moment | undefined,
  progress: Progress,
): Promise<void> {
  await requireEmpty(disk, directory);
  const source = await openBackup(disk, backup, (read) => progress.done(read));
  progress.say('every checksum is right');
  await makeEmpty(disk, directory);
  await withRoom(disk, directory, async () => {
    try {
      await restoreAll(disk, backup, source, directory, until, progress);
    } catch (error) {
      for (const name of await disk.list(directory)) await disk.remove(`${directory}/${name}`);
      throw error;
    }
  });
}

async function restoreAll(
  disk: Disk,
  backup: string,
  source: VerifiedBackup,
  directory: string,
  until: Moment | undefined,
  progress: Progress,
): Promise<void> {
  // A log that is to be cut is read in place, or from where the archive is unpacked.
  const unpacked = `${directory}/restoring`;
  const logs = until === undefined ? directory : isArchive(backup) ? unpacked : backup;
  let registry: Uint8Array = new Uint8Array();
  let bytes = 0;
  for await (const { path, chunks } of source.files()) {
    const isLog = path.startsWith('databases/');
    const counted = async function* () {
      for await (const chunk of chunks()) {
        yield chunk;
        bytes += chunk.length;
        progress.done(bytes, source.sizeBytes);
      }
    };
    if (path === registryFile) registry = await collect(chunks());
    else if (!isLog || logs === directory) await writeChunks(disk, `${directory}/${path}`, counted());
    else if (logs === unpacked) await writeChunks(disk, `${unpacked}/${path}`, counted());
  }
  const entries = decodeRegistry(`${backup}: ${registryFile}`, registry);
  if (until?.kind === 'offset' && entries.length > 1) {
    throw new Rejection('several-databases', 'the backup has several databases, whose offsets differ: give a time');
  }
  const kept = [];
  let firstMicros: bigint | undefined;
  for (const entry of entries) {
    const log = `databases/${entry.folder}`;
    const name = entry.names[0] ?? entry.identity;
    if (until === undefined) {
      const { nextOffset } = await readLog(disk, `${directory}/${log}`, () => {}, { isTrimmed: true });
      progress.say(`${name}: ${nextOffset} commits`);
      if (nextOffset > 0) kept.push(entry);
      continue;
    }
    const cut = await cutLog(disk, `${logs}/${log}`, until);
    progress.say(`${name}: ${describeCut(cut, until)}`);
    firstMicros = earlier(firstMicros, cut.firstMicros);
    if (cut.nextOffset === 0) continue;
    await writeCut(disk, cut, `${directory}/${log}`);
    kept.push(entry);
  }
  if (kept.length === 0 && entries.length > 0) {
    const first = firstMicros === undefined ? '' : `, its first is of ${isoTimeOf(firstMicros)}`;
    throw new Rejection('no-commits', `the backup has no commits from then${first}: choose a later moment`);
  }
  await disk.remove(unpacked);
  // Last, so that a restore which was interrupted is no data folder.
  await saveRegistry(disk, directory, kept);
}

/** What was found of a database, and where that is not what was asked for. */
function describeCut({ nextOffset, firstMicros, lastMicros, isWhole }: Cut, until: Moment): string {
  if (lastMicros === undefined) {
    const first = firstMicros === undefined ? '' : `, the first is of ${isoTimeOf(firstMicros)}`;
    return `no commits up to ${describeMoment(until)}${first}: it is left out`;
  }
  const found = `${nextOffset} commits, the last of ${isoTimeOf(lastMicros)}`;
  const isShort = isWhole && !(until.kind === 'offset' && until.offset === nextOffset - 1);
  return isShort ? `${found}: the backup has none after that up to ${describeMoment(until)}` : found;
}

function earlier(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}

/** Writes a history up to a moment into a folder. */
export async function writeCut(disk: Disk, cut: Cut, directory: string): Promise<void> {
  for await (const { name, chunks } of cut.files()) await writeChunks(disk, `${directory}/${name}`, chunks());
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
