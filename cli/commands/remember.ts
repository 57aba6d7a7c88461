import type { Summary } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { type Found, findDocuments } from '../lib/documents.ts';
import { Failure } from '../lib/failure.ts';
import { watchDocuments } from '../lib/folder-watch.ts';
import { rememberDocuments, rememberPaths } from '../lib/remember.ts';
import { shelfOf } from '../lib/shelf.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { findTenant } from '../lib/tenants.ts';
import { watchLinesOn } from '../lib/watcher.ts';

export interface RememberCommandOptions extends ClientOptions {
  readonly watch?: boolean;
  readonly label?: readonly string[];
}

/** Has this machine's limb remember files and folders; with `--watch` also what changes, until it is ended. */
export async function remember(paths: readonly string[], options: RememberCommandOptions): Promise<void> {
  const found = await findDocuments(paths, { mayBeEmpty: options.watch === true });
  const show = (summaries: readonly Summary[]) => {
    for (const summary of summaries) console.log(options.json ? summaryJson(summary) : formatSummary(summary.body));
  };
  const watcher = watchLinesOn(process.stderr);
  const labels = options.label ?? [];
  await runOnHub(options, async (hub, signal) => {
    const rememberAll = async (all: Found) => {
      if (all.documents.length > 0) show(await rememberDocuments(hub, all, signal, watcher, { labels }));
      return all.documents.length;
    };
    if (!options.watch) return void (await rememberAll(found));
    await watchDocuments(
      found,
      shelfOf(hub.home.limb, await findTenant(hub)).documents,
      signal,
      // Watched already, so that nothing is missed that changes meanwhile.
      async () => {
        const count = await rememberAll(await findDocuments(paths, { mayBeEmpty: true }));
        watcher.line(`${count === 0 ? 'No document yet: watching' : 'Watching'} for changes; Ctrl-C ends it`);
      },
      async (changed) => {
        try {
          show(await rememberPaths(hub, changed, signal, watcher, { labels }));
        } catch (error) {
          // A file that cannot be remembered is no reason to stop following the others.
          if (!(error instanceof Failure)) throw error;
          watcher.line(error.message);
        }
      },
    );
  });
}
