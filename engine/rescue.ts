import { basename } from 'node:path';
import { knownBackups } from './backup/known.ts';
import type { Disk } from './host/disk.ts';
import { LogRejection } from './log/failure.ts';
import { offsetOfSegment, segmentHeaderBytes } from './log/format.ts';
import { offsetOfSnapshot, openSnapshot } from './log/snapshot.ts';
import { databasesFolder } from './registry.ts';

/**
 * Reads the log of a database, given by its folder's name. When it is damaged, what is said of it ends with what would help:
 * which backup, which snapshot, and how to go on without either.
 */
export async function withAdvice<T>(disk: Disk, directory: string, folder: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof LogRejection) || error.lostFrom === undefined) throw error;
    const { code, file, offset, lostFrom } = error;
    const advice = [
      lostFrom === 0 ? 'No commit before it is kept here.' : `Every commit before ${lostFrom} is good.`,
      await adviceOnBackups(disk, directory, folder, lostFrom),
      ...(code === 'log-damaged'
        ? await adviceOnFiles(disk, `${directory}/${databasesFolder}/${folder}`, error, lostFrom)
        : []),
    ];
    throw new LogRejection(code, file, offset, `${error.message}. ${advice.join(' ')}`, { cause: error });
  }
}

async function adviceOnBackups(disk: Disk, directory: string, folder: string, lostFrom: number): Promise<string> {
  const known = await knownBackups(disk, directory);
  const best = known.find(({ nextOffsets }) => (nextOffsets[folder] ?? 0) > lostFrom);
  if (best !== undefined) {
    const reached = (best.nextOffsets[folder] ?? 0) - 1;
    return (
      `The backup ${best.path}, made at ${best.at}, has everything up to commit ${reached}: ` +
      `\`helix restore ${best.path} --data <new folder>\`.`
    );
  }
  const [newest] = known;
  const others = newest === undefined ? '' : ` (the newest that was made here, ${newest.path}, ends before it)`;
  return `A backup helps that has commit ${lostFrom}${others}: \`helix restore <backup> --data <new folder>\`.`;
}

/** How files are moved away so that what is left is a log: the part after the damage, where a snapshot begins it, or the part before. */
async function adviceOnFiles(disk: Disk, log: string, error: LogRejection, lostFrom: number): Promise<string[]> {
  const names = await disk.list(log);
  const own = offsetOfSegment(basename(error.file)) ?? 0;
  const advice: string[] = [];
  const snapshot = await newestGoodSnapshot(disk, log, names, lostFrom);
  const begin = snapshot === undefined ? undefined : beginOf(names, snapshot.nextOffset);
  if (snapshot !== undefined && begin !== undefined && begin > own) {
    const before = names.filter((name) => (offsetOfSegment(name) ?? offsetOfSnapshot(name) ?? begin) < begin);
    advice.push(
      `The snapshot ${snapshot.name} holds what all commits before ${snapshot.nextOffset} came to, and the hub starts from ` +
        `it: without ${before.join(', ')}, moved out of ${log}, the history begins there and is whole.`,
    );
  }
  if (lostFrom === 0) return advice;
  const isWholeFile = error.offset < segmentHeaderBytes;
  const after = names.filter((name) => {
    const first = offsetOfSegment(name);
    if (first !== undefined) return first > own || (isWholeFile && first === own);
    return (offsetOfSnapshot(name) ?? 0) > lostFrom;
  });
  const steps = [
    ...(isWholeFile ? [] : [`\`truncate -s ${error.offset} ${error.file}\``]),
    ...(after.length > 0 ? [`move ${after.join(', ')} out of ${log}`] : []),
  ];
  return [...advice, `To go on with the commits before ${lostFrom} alone: ${steps.join(' and ')}.`];
}

async function newestGoodSnapshot(disk: Disk, log: string, names: readonly string[], after: number) {
  for (const name of names.toReversed()) {
    const nextOffset = offsetOfSnapshot(name);
    if (nextOffset === undefined || nextOffset <= after) continue;
    const isGood = await openSnapshot(disk, `${log}/${name}`).then(
      () => true,
      () => false,
    );
    if (isGood) return { name, nextOffset };
  }
  return undefined;
}

/** The first commit of the oldest segment that a start from a snapshot reads. */
function beginOf(names: readonly string[], nextOffset: number): number | undefined {
  return names
    .map(offsetOfSegment)
    .filter((first) => first !== undefined)
    .findLast((first) => first < nextOffset);
}
