import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, readText, writeSecret } from './files.ts';
import { makeFolder } from './folder.ts';
import { findHome, readRunningHub } from './home.ts';

/** A host of databases on this machine, and how its owner speaks to it. */
export interface RunningServer {
  readonly url: string;
  /** The database that commands mean when they name none. */
  readonly database: string;
  readonly tokenFile: string;
}

const file = 'server.json';
const announcement = z.object({ url: z.url(), database: z.string() });
const place = z.object({ data: z.string() });

/**
 * Lets the commands that run on this machine find the host of a data folder, also one that is not in HELIX_HOME; returns how
 * to take that back. `warn` is told when they will not find it.
 */
export async function announce(
  data: string,
  url: string,
  database: string,
  warn: (message: string) => void,
): Promise<() => Promise<void>> {
  const files = [join(data, file)];
  await writeSecret(join(data, file), `${JSON.stringify({ url, database })}\n`);
  if (!ownFolders().includes(data)) {
    const path = join(placesFolder(), `${createHash('sha256').update(data).digest('hex').slice(0, 16)}.json`);
    try {
      await makeFolder(placesFolder());
      await forgetGone();
      await writeSecret(path, `${JSON.stringify({ data })}\n`);
      files.push(path);
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      const how = `--server ${url} --token-file ${tokenFileOf(data)}`;
      warn(`${placesFolder()} cannot be written (${code}): commands that are to find this server need ${how}`);
    }
  }
  return async () => {
    for (const path of files) await rm(path, { force: true });
  };
}

/** The host that runs on a data folder, if it has announced itself. */
export async function findRunningOn(data: string): Promise<RunningServer | undefined> {
  const home = findHome();
  const hub = data === home.hubData ? await readRunningHub(home) : undefined;
  if (hub !== undefined) return { ...hub, tokenFile: home.ownerToken };
  const text = await readText(join(data, file));
  const parsed = announcement.safeParse(text === undefined ? undefined : parseJson(text));
  return parsed.success ? { ...parsed.data, tokenFile: tokenFileOf(data) } : undefined;
}

/** What `helix start`, `helix hub start` and `helix dev` run here, in this order, those with a data folder elsewhere last. */
export async function findRunning(): Promise<RunningServer[]> {
  const found = await Promise.all((await dataFolders()).map(findRunningOn));
  return found.filter((server) => server !== undefined);
}

/** Where what is run here keeps its rows: the folders in HELIX_HOME, there or not, and those of servers that announced others. */
export async function dataFolders(): Promise<string[]> {
  return [findHome().hubData, ...ownFolders(), ...(await announcedFolders())];
}

/** What was killed could not take its announcement back; that its folder is gone says that it does not run. */
async function forgetGone(): Promise<void> {
  for (const name of await placeNames()) {
    const data = await placeOf(name);
    if (data === undefined || !existsSync(join(data, file))) await rm(join(placesFolder(), name), { force: true });
  }
}

async function announcedFolders(): Promise<string[]> {
  const found = await Promise.all((await placeNames()).map(placeOf));
  return found.filter((data) => data !== undefined);
}

async function placeNames(): Promise<string[]> {
  if (!existsSync(placesFolder())) return [];
  return (await readdir(placesFolder())).sort();
}

async function placeOf(name: string): Promise<string | undefined> {
  const text = await readText(join(placesFolder(), name));
  return place.safeParse(text === undefined ? undefined : parseJson(text)).data?.data;
}

/** Those that `helix hub start` and `helix dev` take when no other is named. */
function ownFolders(): string[] {
  const { folder } = findHome();
  return [join(folder, 'modules'), join(folder, 'dev')];
}

function placesFolder(): string {
  return join(findHome().folder, 'servers');
}

function tokenFileOf(data: string): string {
  return join(data, 'operator.token');
}
