import { z } from 'zod';
import { Rejection } from '../../engine/errors.ts';
import { requireDatabaseName } from '../../engine/serve/http/database-name.ts';
import { type DataOptions, dataDirectory, momentOf, newNonce, openDataFolder } from '../lib/data-folder.ts';
import { Failure } from '../lib/failure.ts';
import { findRunningOn } from '../lib/running.ts';
import { askText, databasePath, findServer } from '../lib/server.ts';

export interface ForkOptions extends DataOptions {
  readonly database?: string;
  readonly at?: string;
}

const answer = z.object({ commits: z.number() });

/** Makes a second database from a past state of one: here, or by the hub that runs on the data. */
export async function fork(name: string, options: ForkOptions): Promise<void> {
  requireDatabaseName(name);
  const until = momentOf(options.at);
  const folder = await openDataFolder(options);
  const entry = folder.find(options.database);
  try {
    const commitCount = await folder.fork(entry, name, until, newNonce());
    console.log(`${name} has the first ${commitCount} commits; start the hub to use it`);
    return;
  } catch (error) {
    if (!(error instanceof Rejection) || error.code !== 'data-folder-locked') throw error;
  }
  const running = await findRunningOn(await dataDirectory(options));
  if (running === undefined) {
    throw new Failure(`A hub runs on ${folder.directory} and does not say where it listens: stop it first`);
  }
  const server = await findServer({ server: running.url, tokenFile: running.tokenFile });
  const at = until?.kind === 'offset' ? until.offset : options.at;
  const body = JSON.stringify({ name, ...(at === undefined ? {} : { at }) });
  const text = await askText(server, 'POST', databasePath(entry.identity, '/fork'), { body, json: true });
  const { commits } = answer.parse(JSON.parse(text));
  console.log(`${name} has the first ${commits} commits and is ready at ${running.url}`);
}
