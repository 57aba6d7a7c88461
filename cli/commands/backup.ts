import { resolve } from 'node:path';
import { type DataOptions, withDataFolder } from '../lib/data-folder.ts';

/** Copies a data folder, verified, into a new folder. */
export async function backup(target: string, options: DataOptions): Promise<void> {
  await withDataFolder(options, async (folder) => {
    await folder.backUp(resolve(target), (line) => console.log(line));
    console.log(`${folder.directory} is backed up in ${resolve(target)}; keep it secret, it holds the hub's keys`);
  });
}
