import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Rejection } from '../../errors.ts';

/**
 * Where the built code of a thread is, by the name that it is built under. The built program finds it beside itself; run
 * from sources, it is in the package's `dist` folder, because Node cannot run a thread from TypeScript.
 * @throws Rejection `thread-not-built`
 */
export function builtThread(name: string): URL {
  const own = dirname(fileURLToPath(import.meta.url));
  const file = `${name}.js`;
  const candidates = [join(own, file), join(own, '../../../dist', file)];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Rejection('thread-not-built', `${candidates[1]} does not exist: run \`npm run prepare\` to build it.`);
  }
  return pathToFileURL(found);
}
