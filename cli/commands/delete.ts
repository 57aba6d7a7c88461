import { confirm } from '../lib/confirm.ts';
import { Failure } from '../lib/failure.ts';
import { askText, databasePath, findServer, type ServerOptions } from '../lib/server.ts';

export interface DeleteOptions extends ServerOptions {
  readonly yes?: boolean;
}

/** Deletes a database with all of its rows. */
export async function deleteDatabase(name: string, options: DeleteOptions): Promise<void> {
  const server = await findServer(options);
  await askText(server, 'GET', databasePath(name, '/identity'));
  const agreed =
    options.yes || (await confirm(`${name} at ${server.url} and all of its rows will be deleted.`, '--yes'));
  if (!agreed) throw new Failure('Nothing was deleted');
  await askText(server, 'DELETE', databasePath(name));
  console.log(`deleted ${name} at ${server.url}`);
}
