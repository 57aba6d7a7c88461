import { resolve } from 'node:path';
import { backUp } from '../../engine/backup/back-up.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { type DataOptions, dataDirectory } from '../lib/data-folder.ts';
import { showProgress } from '../lib/progress.ts';

/** Copies a data folder, verified, into a new folder or file; its hub may run. */
export async function backup(target: string, options: DataOptions): Promise<void> {
  const directory = await dataDirectory(options);
  const progress = showProgress();
  try {
    await backUp(nodeDisk, directory, resolve(target), Math.floor(Date.now() / 1000), progress);
  } finally {
    progress.end();
  }
  console.log(`${directory} is backed up in ${resolve(target)}; keep it secret, it holds the hub's keys`);
}
