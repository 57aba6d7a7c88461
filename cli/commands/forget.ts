import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { Failure } from '../lib/failure.ts';
import { ownLimb } from '../lib/own-limb.ts';
import { dropAll, dropDocuments, shelfOf } from '../lib/shelf.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { runTask } from '../lib/task.ts';
import { findTenant } from '../lib/tenants.ts';
import { watchLinesOn } from '../lib/watcher.ts';

export interface ForgetOptions extends ClientOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** Takes documents out of the memory of this machine's limb, with the limb's copies of them; the originals stay. */
export async function forget(paths: readonly string[], options: ForgetOptions): Promise<void> {
  if (options.all === true && paths.length > 0) throw new Failure('--all forgets everything: leave the paths out');
  if (options.all !== true && paths.length === 0) {
    throw new Failure('There is nothing to forget: name paths such as docs or docs/old.md, or use --all');
  }
  if (options.all === true && options.yes !== true && !(await confirm('Forget all documents?', '--yes'))) return;
  await runOnHub(options, async (hub, signal) => {
    const { limb } = hub.home;
    const tenantId = await findTenant(hub);
    const target = await ownLimb(hub, tenantId);
    const names = paths.map((path) => path.replace(/^\.\/|\/+$/g, ''));
    const shelf = shelfOf(limb, tenantId);
    if (options.all) await dropAll(shelf);
    else await dropDocuments(names, shelf);
    const input = options.all ? { all: true } : { paths: names };
    const title = options.all ? 'all documents' : names.join(' ');
    const task = { tenantId, skill: 'forget', title, input, target };
    const summary = await runTask(hub, task, signal, watchLinesOn(process.stderr));
    console.log(options.json ? summaryJson(summary) : formatSummary(summary.body));
  });
}
