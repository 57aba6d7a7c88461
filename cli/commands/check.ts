import { type DataOptions, withDataFolder } from '../lib/data-folder.ts';

/** Reads and replays everything in a data folder. */
export async function check(options: DataOptions): Promise<void> {
  await withDataFolder(options, async (folder) => {
    for (const entry of folder.entries) {
      const { commitCount, rowCount, snapshotCount, chain, tornBytes } = await folder.check(entry);
      const name = entry.names[0] ?? entry.identity;
      console.log(`${name}: ${commitCount} commits, ${rowCount} rows, ${snapshotCount} snapshots, chain ${chain}`);
      if (tornBytes > 0)
        console.log(`${name}: ${tornBytes} bytes of an interrupted write will be cut off by the next start`);
    }
    console.log(`${folder.directory} is intact`);
  });
}
