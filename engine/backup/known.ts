import { z } from 'zod';
import type { Disk } from '../host/disk.ts';

/** The file of a data folder that says which backups were made of it. It is told to whoever needs one, and read by nobody else. */
const knownFile = 'backups.json';
const keptMax = 20;

const knownBackup = z.object({
  /** The folder or file that it was written to. */
  path: z.string(),
  /** When, as an ISO 8601 time. */
  at: z.string(),
  /** By the folder of a database: the commit that comes after those in the backup. */
  nextOffsets: z.record(z.string(), z.number()),
});

export type KnownBackup = Readonly<z.infer<typeof knownBackup>>;

/** The backups that were made of a data folder, the newest first; none when the file is missing or damaged. */
export async function knownBackups(disk: Disk, directory: string): Promise<readonly KnownBackup[]> {
  const bytes = await disk.read(`${directory}/${knownFile}`);
  if (bytes === undefined) return [];
  try {
    return z.array(knownBackup).parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    // It only helps to find what is somewhere else.
    return [];
  }
}

export async function noteBackup(disk: Disk, directory: string, backup: KnownBackup): Promise<void> {
  const others = (await knownBackups(disk, directory)).filter(({ path }) => path !== backup.path);
  const kept = [backup, ...others].slice(0, keptMax);
  await disk.writeAtomic(`${directory}/${knownFile}`, Buffer.from(`${JSON.stringify(kept, undefined, 2)}\n`));
}
