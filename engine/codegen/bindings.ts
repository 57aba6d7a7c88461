import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { header } from './text.ts';

/** What differs between a folder and the files that should be in it, by path. */
export interface BindingsChange {
  readonly written: readonly string[];
  readonly deleted: readonly string[];
}

/** What `writeBindings` would do; nothing is touched. */
export async function compareBindings(directory: string, files: ReadonlyMap<string, string>): Promise<BindingsChange> {
  const written = [];
  for (const [path, text] of files) if ((await readText(join(directory, path))) !== text) written.push(path);
  const deleted = [];
  for (const path of await generatedFiles(directory)) if (!files.has(path)) deleted.push(path);
  return { written: written.sort(), deleted: deleted.sort() };
}

/** Writes the files that changed, and deletes generated files that are no longer wanted. Other files stay. */
export async function writeBindings(directory: string, files: ReadonlyMap<string, string>): Promise<BindingsChange> {
  const change = await compareBindings(directory, files);
  for (const path of change.written) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, files.get(path) ?? '');
  }
  for (const path of change.deleted) await rm(join(directory, path));
  return change;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Paths below a folder, with `/` between their parts, of the files that start with our header. */
async function generatedFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await listFiles(directory)) {
    const text = await readText(entry);
    if (text?.startsWith(header)) paths.push(relative(directory, entry).split(sep).join('/'));
  }
  return paths;
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
