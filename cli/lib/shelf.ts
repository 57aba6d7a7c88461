import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { Document, Found } from './documents.ts';
import { Failure } from './failure.ts';
import { parseJson, readText } from './files.ts';
import type { LimbHome } from './home.ts';

const sourcesSchema = z.record(z.string(), z.string());

/** Where this machine's limb has the documents of one tenant. */
export interface Shelf {
  readonly documents: string;
  /** Says where the folders among them come from. */
  readonly sources: string;
}

export function shelfOf(limb: LimbHome, tenantId: bigint): Shelf {
  return { documents: join(limb.documents, `${tenantId}`), sources: join(limb.documents, `${tenantId}.json`) };
}

/**
 * The limb's own copies of what it remembers: it reads nothing else. A folder's copy has what the folder has, no more.
 * @throws Failure when the folder's name is that of another folder's copy
 */
export async function putDocuments({ documents, folders }: Found, shelf: Shelf): Promise<void> {
  const sources = await readSources(shelf);
  for (const { path, file } of folders) {
    const other = sources[path];
    if (other !== undefined && other !== file) {
      throw new Failure(
        `${path} is remembered from ${other} already: run \`helix forget ${path}\` first, or remember ${file} from a folder above it`,
      );
    }
    sources[path] = file;
  }
  await writeSources(shelf, sources);
  await copyDocuments(documents, shelf.documents);
  const kept = new Set(documents.map(({ path }) => path));
  for (const { path, file } of folders) {
    // A folder among the documents themselves has no copy.
    if (resolve(file) === resolve(shelf.documents, path)) continue;
    for (const copy of await filesBelow(join(shelf.documents, path))) {
      if (!kept.has(relative(shelf.documents, copy).split(sep).join('/'))) await rm(copy, { force: true });
    }
  }
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

/** Takes copies away, of files and of whole folders. */
export async function dropDocuments(paths: readonly string[], shelf: Shelf): Promise<void> {
  const sources = await readSources(shelf);
  for (const path of paths) {
    const target = resolve(shelf.documents, path);
    if (!target.startsWith(`${resolve(shelf.documents)}${sep}`)) continue;
    await rm(target, { recursive: true, force: true });
    for (const name of Object.keys(sources)) {
      if (name === path || name.startsWith(`${path}/`)) delete sources[name];
    }
  }
  await writeSources(shelf, sources);
}

/** Takes all copies away. */
export async function dropAll(shelf: Shelf): Promise<void> {
  for (const name of await readdir(shelf.documents).catch(() => [])) {
    await rm(join(shelf.documents, name), { recursive: true, force: true });
  }
  await writeSources(shelf, {});
}

/** Where the folders among the documents come from. */
async function readSources(shelf: Shelf): Promise<Record<string, string>> {
  const text = await readText(shelf.sources);
  if (text === undefined) return {};
  const parsed = sourcesSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Failure(`${shelf.sources} is damaged: delete it and remember your folders again`);
  return parsed.data;
}

async function writeSources(shelf: Shelf, sources: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(dirname(shelf.sources), { recursive: true, mode: 0o700 });
  await writeFile(shelf.sources, `${JSON.stringify(sources, undefined, 2)}\n`, { mode: 0o600 });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
