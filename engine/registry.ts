import { createHash } from 'node:crypto';
import type { DatabaseEntry } from './database.ts';
import { Rejection } from './errors.ts';
import type { Disk } from './host/disk.ts';
import { identityOf, identityToHex } from './serve/identity/identity.ts';

/** The file of a data folder that says which databases there are. */
export const registryFile = 'databases.json';
/** The folder beside it in which each database has one. */
export const databasesFolder = 'databases';

interface Registry {
  readonly databases: readonly DatabaseEntry[];
  /** SHA-256 of the databases as JSON, in hex. */
  readonly sha256: string;
}

export function encodeRegistry(databases: readonly DatabaseEntry[]): Uint8Array {
  const registry: Registry = { databases, sha256: hashOf(databases) };
  return new TextEncoder().encode(`${JSON.stringify(registry, undefined, 2)}\n`);
}

/**
 * Reads the file at `path`. One that was written before it had a checksum is a list alone.
 * @throws Rejection `registry-damaged`
 */
export function decodeRegistry(path: string, bytes: Uint8Array): DatabaseEntry[] {
  let content: Registry | DatabaseEntry[];
  try {
    content = JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes)) as Registry | DatabaseEntry[];
  } catch (cause) {
    throw damaged(path, 'it is not JSON', cause);
  }
  if (Array.isArray(content)) return content;
  if (content?.sha256 !== hashOf(content?.databases)) throw damaged(path, 'its checksum is wrong');
  return [...content.databases];
}

/** The databases of a data folder. @throws Rejection `no-data`, `registry-damaged` */
export async function readRegistry(disk: Disk, directory: string): Promise<DatabaseEntry[]> {
  const file = `${directory}/${registryFile}`;
  const bytes = await disk.read(file);
  if (bytes !== undefined) return decodeRegistry(file, bytes);
  throw new Rejection('no-data', `${directory} holds no databases: name the data folder of a hub`);
}

export async function hasRegistry(disk: Disk, directory: string): Promise<boolean> {
  return (await disk.readPart(`${directory}/${registryFile}`, 0, 1)) !== undefined;
}

/**
 * The databases of a hub's own data folder. A new one gets an empty list, so that a list which is gone later is missed.
 * @throws Rejection `registry-missing`, `registry-damaged`
 */
export async function openRegistry(disk: Disk, directory: string): Promise<DatabaseEntry[]> {
  if (await hasRegistry(disk, directory)) return await readRegistry(disk, directory);
  await disk.makeDirectory(directory);
  if ((await disk.list(directory)).some((name) => name.split('/')[0] === databasesFolder)) {
    const message =
      `${directory}/${registryFile} is missing, but there is ${directory}/${databasesFolder}: put it back from a backup. ` +
      'If a restore was interrupted here, delete the folder and restore again';
    throw new Rejection('registry-missing', message);
  }
  await saveRegistry(disk, directory, []);
  return [];
}

export async function saveRegistry(disk: Disk, directory: string, databases: readonly DatabaseEntry[]): Promise<void> {
  await disk.writeAtomic(`${directory}/${registryFile}`, encodeRegistry(databases));
}

/** What is noted of a database that is made from another one's past. @param nonce 32 hex digits that were never used */
export function forkedEntry(entry: DatabaseEntry, name: string, nonce: string): DatabaseEntry {
  const identity = identityToHex(identityOf('helix-database', nonce));
  return { ...entry, identity, folder: `fork-${nonce}`, names: [name], isLocked: false };
}

function hashOf(databases: readonly DatabaseEntry[]): string {
  return createHash('sha256')
    .update(JSON.stringify(databases) ?? '')
    .digest('hex');
}

function damaged(path: string, seen: string, cause?: unknown): Rejection {
  const message = `${path} is damaged: ${seen}. Nothing was changed. Restore this file from a copy`;
  return new Rejection('registry-damaged', message, { cause });
}
