import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../cli/testing/cli.fixture.ts';

/** Packs the package into a folder, as `npm pack` does of what is built, and returns its unpacked folder. */
export function packPackage(folder: string): string {
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const archive = execFileSync('npm', pack, { cwd: root, stdio: 'pipe', encoding: 'utf8' });
  execFileSync('tar', ['xf', archive.trim()], { cwd: folder });
  return join(folder, 'package');
}

/** Builds the package's types into its unpacked folder; the shared `dist` stays as it is for whoever else reads it. */
export function buildTypes(unpacked: string): void {
  const tsdown = join(root, 'node_modules/tsdown/dist/run.mjs');
  const args = ['-c', 'tsdown.types.config.ts', '--no-clean', '--out-dir', join(unpacked, 'dist')];
  execFileSync(process.execPath, [tsdown, ...args, '--logLevel', 'error'], { cwd: root, stdio: 'pipe' });
}

/** Gives a folder `node_modules` with the unpacked package and, in place of a registry, the packages installed here. */
export function installPackage(unpacked: string, folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  renameSync(unpacked, join(modules, 'helix'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const link = join(modules, name);
    if (name.startsWith('.') || existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}
