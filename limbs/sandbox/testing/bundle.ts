import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const rootFolder = fileURLToPath(new URL('../../../', import.meta.url));

export interface Bundle {
  readonly folder: string;
  readonly path: (name: string) => string;
  remove(): void;
}

/** Builds programs of the limb as they are built for release, to run them in processes of their own; paths from the root. */
export async function bundle(entries: Record<string, string>): Promise<Bundle> {
  // Inside the package, so that Node finds its dependencies.
  const cache = join(rootFolder, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'sandbox-'));
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(rootFolder, path)]));
  await build({
    entryPoints,
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  return { folder, path: (name) => join(folder, `${name}.js`), remove: () => rmSync(folder, { recursive: true }) };
}
