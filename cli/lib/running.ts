import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, readText, writeSecret } from './files.ts';
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

/** Lets the commands that run on this machine find the host of a data folder; returns how to take that back. */
export async function announce(data: string, url: string, database: string): Promise<() => Promise<void>> {
  const path = join(data, file);
  await writeSecret(path, `${JSON.stringify({ url, database })}\n`);
  return () => rm(path, { force: true });
}

/** The host that runs on a data folder, if it has announced itself. */
export async function findRunningOn(data: string): Promise<RunningServer | undefined> {
  const home = findHome();
  const hub = data === home.hubData ? await readRunningHub(home) : undefined;
  if (hub !== undefined) return { ...hub, tokenFile: home.ownerToken };
  return await readAnnouncement(data);
}

async function readAnnouncement(data: string): Promise<RunningServer | undefined> {
  const text = await readText(join(data, file));
  const parsed = announcement.safeParse(text === undefined ? undefined : parseJson(text));
  return parsed.success ? { ...parsed.data, tokenFile: join(data, 'operator.token') } : undefined;
}

/** What `helix start`, `helix hub start` and `helix dev` run here, in this order. */
export async function findRunning(): Promise<RunningServer[]> {
  const home = findHome();
  const found: RunningServer[] = [];
  const hub = await readRunningHub(home);
  if (hub !== undefined) found.push({ ...hub, tokenFile: home.ownerToken });
  for (const data of [join(home.folder, 'modules'), join(home.folder, 'dev')]) {
    const server = await readAnnouncement(data);
    if (server !== undefined) found.push(server);
  }
  return found;
}
