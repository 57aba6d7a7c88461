import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeProcess } from '../../process.ts';

export interface RuntimeFiles {
  /** The program of the child. */
  readonly childPath: string;
  /** The folder with what Pyodide loads. */
  readonly pyodideFolder: string;
  /** Removes the copies, if there are any. */
  remove(): void;
}

const pyodideFiles = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip', 'pyodide-lock.json'];
const readByOthers = 0o004;
const enterByOthers = 0o001;

/**
 * The files the child reads: in place if any user can read them, else copied to a folder that all may read and only the limb
 * may change (a root-only home is a common place for a checkout).
 */
export async function runtimeFiles(): Promise<RuntimeFiles> {
  const childPath = realpathSync(findChild());
  const pyodideFolder = realpathSync(dirname(createRequire(import.meta.url).resolve('pyodide/package.json')));
  const sources = pyodideFiles.map((name) => join(pyodideFolder, name));
  const isRoot = process.getuid?.() === 0 || process.geteuid?.() === 0;
  if (!isRoot || [childPath, ...sources].every(isOpenToAll)) return { childPath, pyodideFolder, remove: () => {} };
  return copies(childPath, sources);
}

/** Beside this file in the sources; beside the bundle, under a name of its own, once bundled. */
function findChild(): string {
  const [source, bundled] = ['./child.mjs', './pyodide-child.js'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = [source, bundled].find((path) => path !== undefined && existsSync(path));
  if (found === undefined)
    throw new Error(`The sandbox's own program is missing: neither ${source} nor ${bundled} exists.`);
  return found;
}

const prefix = 'helix-pyodide-';

async function copies(childPath: string, sources: readonly string[]): Promise<RuntimeFiles> {
  const parent = realpathSync(tmpdir());
  await removeOrphans(parent);
  const owner = (await describeProcess(process.pid)).replace(' ', '.');
  const folder = mkdtempSync(join(parent, `${prefix}${owner}-`));
  const pyodideFolder = join(folder, 'pyodide');
  mkdirSync(pyodideFolder);
  const copy = (from: string, to: string): void => {
    copyFileSync(from, to);
    chmodSync(to, 0o644);
  };
  const childCopy = join(folder, 'child.mjs');
  copy(childPath, childCopy);
  for (const source of sources) copy(source, join(pyodideFolder, source.slice(source.lastIndexOf('/') + 1)));
  for (const path of [folder, pyodideFolder]) chmodSync(path, 0o755);
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', remove);
  return { childPath: childCopy, pyodideFolder, remove };
}

/** Removes the copies of limbs that were killed: a folder's name says which process it belongs to. */
async function removeOrphans(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const owner = new RegExp(`^${prefix}(\\d+\\.\\d+)-`).exec(name)?.[1]?.replace('.', ' ');
    if (owner === undefined || (await describeProcess(Number.parseInt(owner, 10))) === owner) continue;
    // Another user's is theirs to remove.
    if (statSync(join(parent, name), { throwIfNoEntry: false })?.uid === process.getuid?.())
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/** Whether a user with no rights but everybody's can read this file. */
export function isOpenToAll(path: string): boolean {
  const mayRead = (statSync(path).mode & readByOthers) !== 0;
  return mayRead && foldersAbove(path).every((folder) => (statSync(folder).mode & enterByOthers) !== 0);
}

function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...foldersAbove(parent)];
}
