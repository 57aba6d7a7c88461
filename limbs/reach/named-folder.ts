import { stat } from 'node:fs/promises';
import { type DocumentsRoot, openDocumentsRoot } from '../documents/root.ts';
import { LimbError } from '../errors.ts';
import type { Permissions } from './permissions.ts';

/** A folder that limb.toml names; nothing outside of it can be read. Throws `LimbError`, which does not tell where it is. */
export async function openNamedFolder(name: string, { folders }: Permissions): Promise<DocumentsRoot> {
  const folder = folders.get(name);
  if (folder === undefined) {
    const there = folders.size === 0 ? 'none' : [...folders.keys()].join(', ');
    throw new LimbError(
      'no-such-folder',
      `This limb has no folder ${name}; its owner names folders under [folders] in limb.toml: ${there}.`,
    );
  }
  const isFolder = await stat(folder).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    const message = `The folder ${name} of this limb is not there: its owner can make it, or change limb.toml.`;
    throw new LimbError('no-such-folder', message, { isRetryable: true });
  }
  return openDocumentsRoot(folder, `the folder ${name}`);
}
