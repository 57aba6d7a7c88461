import { Identity } from 'spacetimedb';
import type { Summary } from '../../bindings/types.ts';
import { copyDocuments, type Document } from './documents.ts';
import { Failure } from './failure.ts';
import { readLimbIdentity } from './home.ts';
import type { Hub } from './hub.ts';
import { runTask } from './task.ts';
import { findTenant } from './tenants.ts';
import type { Watcher } from './watcher.ts';

/** Keeps a task's input well below what a hub takes. */
const pathsBytesMax = 32 * 1024;

/**
 * Gives documents to this machine's limb and has it remember them. They are copied, never sent: the hub learns their
 * paths only. `reference` makes repeated calls one.
 */
export async function rememberDocuments(
  hub: Hub,
  documents: readonly Document[],
  signal: AbortSignal,
  watcher: Watcher,
  reference?: string,
): Promise<Summary[]> {
  const { limb } = hub.home;
  const identity = await readLimbIdentity(limb);
  if (identity === undefined) throw new Failure('This machine has no limb yet: start one with `helix start`');
  const tenantId = await findTenant(hub);
  await copyDocuments(documents, limb.documents);
  const summaries = [];
  for (const [index, paths] of batches(documents).entries()) {
    const title = `${paths[0]}${paths.length === 1 ? '' : ` and ${paths.length - 1} more`}`;
    const task = { tenantId, skill: 'remember', title, input: { paths }, target: Identity.fromString(identity) };
    const key = reference === undefined ? {} : { reference: `${reference}/${index}` };
    summaries.push(await runTask(hub, { ...task, ...key }, signal, watcher));
  }
  return summaries;
}

function batches(documents: readonly Document[]): string[][] {
  const all: string[][] = [];
  let size = pathsBytesMax;
  for (const { path } of documents) {
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
