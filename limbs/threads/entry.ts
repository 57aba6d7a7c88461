import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LimbError } from '../errors.ts';

/**
 * Where a thread's built code is. The built program finds it beside itself; running from sources (tests), it is in the
 * `dist` folder of the package, because Node cannot run a thread from TypeScript.
 */
export function threadEntry(name: string): URL {
  const own = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(own, `${name}.js`), join(own, '../../dist', `${name}.js`)];
  const found = candidates.find((path) => existsSync(path));
  if (!found) {
    throw new LimbError('thread-not-built', `${candidates[1]} does not exist: run \`npm run prepare\` to build it.`);
  }
  return pathToFileURL(found);
}
