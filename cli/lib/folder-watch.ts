import { rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { type Document, type Found, isRemembered } from './documents.ts';
import { untilAborted } from './interruption.ts';
import { copyDocuments } from './shelf.ts';

/** A file is whole when it has not grown for so long. */
const settledMs = 300;

/**
 * Follows changes of files and folders until the signal aborts, and copies them. From `onReady` on none is missed. `onChange` gets the paths among the
 * documents that have changed or are gone, one call after the other; what changes meanwhile is in the next one.
 */
export async function watchDocuments(
  found: Found,
  target: string,
  signal: AbortSignal,
  onReady: () => Promise<void>,
  onChange: (paths: string[]) => Promise<void>,
): Promise<void> {
  const single = found.documents.filter(({ file }) => !found.folders.some((folder) => isBelow(file, folder.file)));
  const roots = [...found.folders, ...single];
  const changed = new Map<string, string>();
  let wake: () => void = () => {};
  const watcher = watch(
    roots.map(({ file }) => file),
    {
      ignoreInitial: true,
      followSymlinks: false,
      awaitWriteFinish: { stabilityThreshold: settledMs, pollInterval: 100 },
      ignored: (file, stats) => stats?.isFile() === true && !isOfRoots(roots, file),
    },
  );
  const failed = new Promise<never>((_, reject) => watcher.once('error', reject));
  failed.catch(() => {});
  for (const event of ['add', 'change', 'unlink'] as const) {
    watcher.on(event, (file: string) => {
      const path = pathOf(roots, file);
      if (path === undefined) return;
      changed.set(path, file);
      wake();
    });
  }
  try {
    await untilAborted(Promise.race([new Promise<void>((resolve) => watcher.once('ready', resolve)), failed]), signal);
    await onReady();
    for (;;) {
      if (changed.size === 0) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await untilAborted(Promise.race([woken, failed]), signal);
        // Files that are saved together are remembered together.
        await untilAborted(new Promise((resolve) => setTimeout(resolve, settledMs)), signal);
      }
      const batch = [...changed].map(([path, file]) => ({ path, file }));
      changed.clear();
      await copyChanges(batch, target);
      await onChange(batch.map(({ path }) => path).sort());
    }
  } finally {
    await watcher.close();
  }
}

async function copyChanges(batch: readonly Document[], target: string): Promise<void> {
  for (const document of batch) {
    try {
      await copyDocuments([document], target);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await rm(join(target, document.path), { force: true });
    }
  }
}

function isOfRoots(roots: readonly Document[], file: string): boolean {
  return pathOf(roots, file) !== undefined;
}

/** The path of a file among the documents, when it is one of the roots or in one of them. */
function pathOf(roots: readonly Document[], file: string): string | undefined {
  for (const root of roots) {
    if (file === root.file) return root.path;
    if (!isBelow(file, root.file)) continue;
    const within = relative(root.file, file);
    if (isRemembered(within)) return `${root.path}/${within.split(sep).join('/')}`;
  }
  return undefined;
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(`${folder}${sep}`);
}
