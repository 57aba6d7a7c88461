import type { Summary } from '../../bindings/types.ts';
import { type Found, namedPaths } from './documents.ts';
import type { Hub } from './hub.ts';
import { ownLimb } from './own-limb.ts';
import { putDocuments, shelfOf } from './shelf.ts';
import { runTask } from './task.ts';
import { findTenant } from './tenants.ts';
import type { Watcher } from './watcher.ts';

/** Keeps a task's input well below what a hub takes. */
const pathsBytesMax = 32 * 1024;

export interface RememberOptions {
  readonly labels?: readonly string[];
  /** Makes repeated calls one. */
  readonly reference?: string;
}

/** Gives documents to this machine's limb and has it remember them. They are copied, never sent. */
export async function rememberDocuments(
  hub: Hub,
  found: Found,
  signal: AbortSignal,
  watcher: Watcher,
  options: RememberOptions = {},
): Promise<Summary[]> {
  const tenantId = await findTenant(hub);
  // Without a limb nothing is copied.
  await ownLimb(hub, tenantId);
  await putDocuments(found, shelfOf(hub.home.limb, tenantId));
  return rememberPaths(hub, namedPaths(found), signal, watcher, options);
}

/** Has this machine's limb look at paths of its documents: the hub learns those only. */
export async function rememberPaths(
  hub: Hub,
  paths: readonly string[],
  signal: AbortSignal,
  watcher: Watcher,
  { labels = [], reference }: RememberOptions = {},
): Promise<Summary[]> {
  const tenantId = await findTenant(hub);
  const target = await ownLimb(hub, tenantId);
  const summaries = [];
  for (const [index, batch] of batches(paths).entries()) {
    const title = `${batch[0]}${batch.length === 1 ? '' : ` and ${batch.length - 1} more`}`;
    const input = { paths: batch, labels };
    const key = reference === undefined ? {} : { reference: `${reference}/${index}` };
    summaries.push(await runTask(hub, { tenantId, skill: 'remember', title, input, target, ...key }, signal, watcher));
  }
  return summaries;
}

function batches(paths: readonly string[]): string[][] {
  const all: string[][] = [];
  let size = pathsBytesMax;
  for (const path of paths) {
    const bytes = Buffer.byteLength(path) + 8;
    if (size + bytes > pathsBytesMax) {
      all.push([]);
      size = 0;
    }
    all.at(-1)?.push(path);
    size += bytes;
  }
  return all;
}
