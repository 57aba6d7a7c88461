import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from '../../cli/testing/cli.fixture.ts';

interface Manifest {
  readonly name: string;
  readonly bin?: string | Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

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

/**
 * What `npm install` does for a project: the unpacked package, what it needs, and what the project's own package.json
 * names, no more. In place of a registry the packages come from those installed here.
 */
export function installPackage(unpacked: string, project: string): void {
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  const helix = join(modules, 'helix');
  renameSync(unpacked, helix);
  const { dependencies, devDependencies } = readManifest(project);
  const names = Object.keys({ ...readManifest(helix).dependencies, ...dependencies, ...devDependencies });
  for (const name of names) {
    const link = join(modules, name);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  for (const name of [...names, 'helix']) linkCommands(modules, name);
}

function linkCommands(modules: string, name: string): void {
  const { bin = {}, name: packageName } = readManifest(join(modules, name));
  const commands = typeof bin === 'string' ? { [packageName]: bin } : bin;
  for (const [command, file] of Object.entries(commands)) {
    const link = join(modules, '.bin', command);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(modules, name, file)), link);
    if (name === 'helix') chmodSync(link, 0o755);
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
