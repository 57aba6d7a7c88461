import { dirname, resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { readLimbToml } from '../models/config/file.ts';
import type { Log } from '../worker/log.ts';
import { type NamedHost, namedHost } from './host.ts';

/** What a limb may connect to for a task. */
export interface Reach {
  /** Whether that is all of the public internet. */
  readonly public: boolean;
  /** Besides that; their addresses may be private. */
  readonly hosts: readonly NamedHost[];
}

/** What the owner of a limb allows it to reach beyond its own folder. */
export interface Permissions {
  /** None: nothing. */
  readonly reach: Reach | undefined;
  /** Folders whose files may be read, by the names that tasks use. */
  readonly folders: ReadonlyMap<string, string>;
}

const none: Permissions = { reach: undefined, folders: new Map() };

/**
 * What limb.toml allows, read anew for each task, so that what is taken away ends at once. A file that does not work is told
 * and not taken. Throws `LimbError` when the first one does not work.
 */
export async function openPermissions(file: string, log: Log): Promise<() => Promise<Permissions>> {
  let last = await readPermissions(file);
  return async () => {
    try {
      last = await readPermissions(file);
    } catch (error) {
      log('error', `${file} was not taken; what a task may reach stays as it was: ${messageOf(error)}`);
    }
    return last;
  };
}

async function readPermissions(file: string): Promise<Permissions> {
  const toml = await readLimbToml(file);
  if (!toml) return none;
  const folders = Object.entries(toml.folders).map(([name, path]) => [name, resolve(dirname(file), path)] as const);
  return {
    reach: toml.fetch && { public: toml.fetch.public, hosts: toml.fetch.hosts.map(namedHost) },
    folders: new Map(folders),
  };
}
