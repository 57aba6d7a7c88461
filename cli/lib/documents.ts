import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Failure } from './failure.ts';

const extensions = new Set(['.md', '.markdown', '.txt', '.html', '.htm']);

/** A file to remember, and its path among a limb's documents, with `/` between its parts. */
export interface Document {
  readonly file: string;
  readonly path: string;
}

/**
 * The documents that some files and folders stand for, in the order of their paths. Hidden files and `node_modules` are
 * left out of folders.
 * @throws Failure for a path that does not exist, a file of another kind, and a folder without documents.
 */
export async function findDocuments(paths: readonly string[], from = process.cwd()): Promise<Document[]> {
  const documents = new Map<string, string>();
  for (const path of paths) {
    const absolute = resolve(from, path);
    const base = baseOf(absolute, from);
    for (const file of await listDocuments(absolute, path)) {
      const documentPath = relative(base, file).split(sep).join('/');
      const other = documents.get(documentPath);
      if (other !== undefined && other !== file) {
        throw new Failure(`${other} and ${file} would both be remembered as ${documentPath}: remember them one by one`);
      }
      documents.set(documentPath, file);
    }
  }
  return [...documents].map(([path, file]) => ({ path, file })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Copies documents into a limb's folder; an earlier version of one is replaced. */
export async function copyDocuments(documents: readonly Document[], folder: string): Promise<void> {
  for (const { file, path } of documents) {
    const target = join(folder, path);
    if (resolve(file) === target) continue;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(file, target);
  }
}

/** Below the current folder a path keeps its folders, so that it is known again; from elsewhere it keeps its name. */
function baseOf(absolute: string, from: string): string {
  const within = relative(from, absolute);
  return within === '' || within.startsWith('..') || isAbsolute(within) ? dirname(absolute) : from;
}

async function listDocuments(absolute: string, shown: string): Promise<string[]> {
  const info = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${shown} cannot be read (${error.code}): check the path`, { cause: error });
  });
  if (info.isFile()) {
    if (isDocument(absolute)) return [absolute];
    throw new Failure(`${shown} is not a document: expected Markdown, text or HTML (${[...extensions].join(' ')})`);
  }
  const files = info.isDirectory() ? await walk(absolute) : [];
  if (files.length === 0) throw new Failure(`There is no document in ${shown}: expected Markdown, text or HTML files`);
  return files;
}

async function walk(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await walk(path)));
    else if (entry.isFile() && isDocument(path)) files.push(path);
  }
  return files;
}

function isDocument(path: string): boolean {
  return extensions.has(extname(basename(path)).toLowerCase());
}
