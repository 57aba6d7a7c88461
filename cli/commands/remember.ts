import { type ClientOptions, withHub } from '../lib/client-command.ts';
import { findDocuments } from '../lib/documents.ts';
import { rememberDocuments } from '../lib/remember.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { watchLinesOn } from '../lib/watcher.ts';

export async function remember(paths: readonly string[], options: ClientOptions): Promise<void> {
  const documents = await findDocuments(paths);
  await withHub(options, async (hub, signal) => {
    for (const summary of await rememberDocuments(hub, documents, signal, watchLinesOn(process.stderr))) {
      console.log(options.json ? summaryJson(summary) : formatSummary(summary.body));
    }
  });
}
