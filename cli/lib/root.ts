import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from './failure.ts';

/** The folder that Helix is installed in, wherever this code was bundled to. */
export function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'cli', 'bin.js'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Failure('The installation is incomplete: cli/bin.js is missing, install Helix again');
    folder = parent;
  }
  return folder;
}
