import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Rejection } from '../../errors.ts';

const name = 'module-procedures.js';

/**
 * Where the built code of the procedure thread is. The built program finds it beside itself; run from sources, it is in
 * the package's `dist` folder, because Node cannot run a thread from TypeScript.
 * @throws Rejection `thread-not-built`
 */
export function threadEntry(): URL {
  const own = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(own, name), join(own, '../../../dist', name)];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Rejection('thread-not-built', `${candidates[1]} does not exist: run \`npm run prepare\` to build it.`);
  }
  return pathToFileURL(found);
}
