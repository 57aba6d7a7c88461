import { z } from 'zod';
import type { ModuleDef } from '../../engine/module/definition.ts';
import { readSchema } from '../../engine/module/index.ts';
import { Failure } from './failure.ts';
import { ask, askText, databasePath, findServer, refusal, type Server, type ServerOptions } from './server.ts';

export interface DatabaseOptions extends ServerOptions {
  readonly database?: string | undefined;
}

/** A database of a server. */
export interface Target {
  readonly server: Server;
  readonly database: string;
}

export interface OwnDatabase {
  readonly identity: string;
  readonly names: readonly string[];
}

const owned = z.object({ identities: z.array(z.string()) });
const naming = z.object({ names: z.array(z.string()) });

/**
 * The database that `--database`, HELIX_DATABASE, the server that runs here, or the caller's only one names.
 * @throws Failure when that is none, or more than one
 */
export async function findTarget(options: DatabaseOptions): Promise<Target> {
  const server = await findServer(options);
  const named = options.database ?? (process.env['HELIX_DATABASE'] || undefined) ?? server.database;
  if (named !== undefined) return { server, database: named };
  const own = await listOwn(server);
  const [only] = own;
  if (only !== undefined && own.length === 1) return { server, database: nameOf(only) };
  if (own.length === 0) throw new Failure('You own no database there: name one with --database');
  throw new Failure(`Name one of your databases with --database: ${own.map(nameOf).join(', ')}`);
}

/** Its first name, or its identity when it has none. */
export function nameOf(database: OwnDatabase): string {
  return database.names[0] ?? database.identity;
}

/** The caller's own databases. */
export async function listOwn(server: Server): Promise<OwnDatabase[]> {
  const answer = await ask(server, 'POST', '/v1/identity/websocket-token');
  if (!answer.ok) throw await refusal(server, answer);
  const identity = answer.headers.get('spacetime-identity') ?? '';
  const { identities } = owned.parse(JSON.parse(await askText(server, 'GET', `/v1/identity/${identity}/databases`)));
  const databases = identities.map(async (identity) => {
    const { names } = naming.parse(JSON.parse(await askText(server, 'GET', databasePath(identity, '/names'))));
    return { identity, names };
  });
  return Promise.all(databases);
}

/** The text of a database's schema, and what it says. */
export async function readDefinition({ server, database }: Target): Promise<{ text: string; def: ModuleDef }> {
  const text = await askText(server, 'GET', databasePath(database, '/schema?version=10'));
  return { text, def: readSchema(text) };
}
