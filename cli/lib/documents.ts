import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { kindOf, kindsInWords } from '../../limbs/documents/kinds.ts';
import { Failure } from './failure.ts';

/** A file to remember, and its path among a limb's documents, with `/` between its parts. */
export interface Document {
  readonly file: string;
  readonly path: string;
}

/** What some files and folders stand for. */
export interface Found {
  /** In the order of their paths. */
  readonly documents: readonly Document[];
  /** The folders that were named, by their paths among a limb's documents: what is not in them any more is forgotten. */
  readonly folders: readonly Document[];
}

export interface FindOptions {
  /** Default: the current folder. */
  readonly from?: string;
  /** A folder may have no document yet. Default: it is a mistake. */
  readonly mayBeEmpty?: boolean;
}

/**
 * The documents that some files and folders stand for. Hidden files and `node_modules` are left out of folders.
 * @throws Failure for a path that does not exist, a file of another kind, and a folder without documents.
 */
export async function findDocuments(
  paths: readonly string[],
  { from = process.cwd(), mayBeEmpty = false }: FindOptions = {},
): Promise<Found> {
  const documents = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const path of paths) {
    const absolute = resolve(from, path);
    const base = baseOf(absolute, from);
    const { files, isFolder } = await listDocuments(absolute, path);
    if (files.length === 0 && !mayBeEmpty)
      throw new Failure(`There is no document in ${path}: expected ${kindsInWords}`);
    if (isFolder) folders.set(documentPath(base, absolute), absolute);
    for (const file of files) {
      const name = documentPath(base, file);
      const other = documents.get(name);
      if (other !== undefined && other !== file) {
        throw new Failure(`${other} and ${file} would both be remembered as ${name}: remember them one by one`);
      }
      documents.set(name, file);
    }
  }
  return { documents: inOrder(documents), folders: inOrder(folders) };
}

/** What a limb is told of them: the folders, and the files that are in none. */
export function namedPaths({ documents, folders }: Found): string[] {
  const single = documents.filter(({ path }) => !folders.some((folder) => path.startsWith(`${folder.path}/`)));
  return [...folders, ...single].map(({ path }) => path);
}

/** Whether a file in a folder is one to remember, by its path within the folder. */
export function isRemembered(path: string): boolean {
  return kindOf(path) !== undefined && !path.split(sep).some((part) => part.startsWith('.') || part === 'node_modules');
}

function inOrder(files: ReadonlyMap<string, string>): Document[] {
  return [...files].map(([path, file]) => ({ path, file })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function documentPath(base: string, file: string): string {
  return relative(base, file).split(sep).join('/');
}

/** Below the current folder a path keeps its folders, so that it is known again; from elsewhere it keeps its name. */
function baseOf(absolute: string, from: string): string {
  const within = relative(from, absolute);
  return within === '' || within.startsWith('..') || isAbsolute(within) ? dirname(absolute) : from;
}

async function listDocuments(absolute: string, shown: string): Promise<{ files: string[]; isFolder: boolean }> {
  const info = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${shown} cannot be read (${error.code}): check the path`, { cause: error });
  });
  if (info.isFile()) {
    if (kindOf(absolute) !== undefined) return { files: [absolute], isFolder: false };
    throw new Failure(`${shown} is not a document: expected ${kindsInWords}`);
  }
  return { files: info.isDirectory() ? await walk(absolute) : [], isFolder: info.isDirectory() };
}

async function walk(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await walk(path)));
    else if (entry.isFile() && kindOf(path) !== undefined) files.push(path);
  }
  return files;
}
