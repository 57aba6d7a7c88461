import { resolve } from 'node:path';
import { restore as restoreBackup } from '../../engine/backup/restore.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { type DataOptions, dataDirectory, momentOf } from '../lib/data-folder.ts';
import { showProgress } from '../lib/progress.ts';

export interface RestoreOptions extends DataOptions {
  readonly at?: string;
}

/** Makes a data folder of a backup. */
export async function restore(backup: string, options: RestoreOptions): Promise<void> {
  const directory = dataDirectory(options);
  const progress = showProgress();
  try {
    await restoreBackup(nodeDisk, resolve(backup), directory, momentOf(options.at), progress);
  } finally {
    progress.end();
  }
  console.log(`${resolve(backup)} is restored in ${directory}`);
}
