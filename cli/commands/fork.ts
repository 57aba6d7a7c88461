import { type DataOptions, momentOf, newNonce, openDataFolder } from '../lib/data-folder.ts';

export interface ForkOptions extends DataOptions {
  readonly database?: string;
  readonly at?: string;
}

/** Makes a second database from a past state of one. */
export async function fork(name: string, options: ForkOptions): Promise<void> {
  const until = momentOf(options.at);
  const folder = await openDataFolder(options);
  const commitCount = await folder.fork(folder.find(options.database), name, until, newNonce());
  console.log(`${name} has the first ${commitCount} commits; start the hub to use it`);
}
