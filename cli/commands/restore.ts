import { resolve } from 'node:path';
import { restore as restoreBackup } from '../../engine/backup/restore.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { type DataOptions, momentOf } from '../lib/data-folder.ts';
import { findHome } from '../lib/home.ts';
import { showProgress } from '../lib/progress.ts';

export interface RestoreOptions extends DataOptions {
  readonly at?: string;
}

/** Makes a data folder of a backup. */
export async function restore(backup: string, options: RestoreOptions): Promise<void> {
  const directory = options.data === undefined ? findHome().hubData : resolve(options.data);
  const progress = showProgress();
  try {
    await restoreBackup(nodeDisk, resolve(backup), directory, momentOf(options.at), progress);
  } finally {
    progress.end();
  }
  console.log(`${resolve(backup)} is restored in ${directory}`);
}
