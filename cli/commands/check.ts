import { type DataOptions, openDataFolder } from '../lib/data-folder.ts';
import { showProgress } from '../lib/progress.ts';

/** Verifies the keys of a data folder, and reads and replays everything else in it. */
export async function check(options: DataOptions): Promise<void> {
  const folder = await openDataFolder(options);
  await folder.checkKeys();
  const progress = showProgress();
  for (const entry of folder.entries) {
    const checked = await folder.check(entry, progress.done).finally(progress.end);
    const { commitCount, beginsAt, rowCount, snapshotCount, chain, tornBytes } = checked;
    const name = entry.names[0] ?? entry.identity;
    console.log(`${name}: ${commitCount} commits, ${rowCount} rows, ${snapshotCount} snapshots, chain ${chain}`);
    if (beginsAt > 0) console.log(`${name}: history begins at commit ${beginsAt}`);
    if (tornBytes > 0)
      console.log(`${name}: ${tornBytes} bytes of an interrupted write will be cut off by the next start`);
  }
  console.log(`${folder.directory} is intact`);
}
