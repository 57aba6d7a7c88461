import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const compressible = new Set(['.html', '.js', '.css', '.svg', '.json']);
/** Below that it gains nothing. */
const bytesMin = 1024;

/** Puts a `.br` and a `.gz` beside each file of the build, which the host sends to those who take them. */
export function compress(): Plugin {
  let folder = '';
  return {
    name: 'helix:compress',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    async writeBundle() {
      const names = await readdir(folder, { recursive: true });
      const files = names.filter((name) => compressible.has(extname(name))).map((name) => join(folder, name));
      for (const file of files) {
        if ((await stat(file)).size < bytesMin) continue;
        const bytes = await readFile(file);
        await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes));
        await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
      }
    },
  };
}
