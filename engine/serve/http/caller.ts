import type { Context, MiddlewareHandler } from 'hono';
import { Rejection } from '../../errors.ts';
import type { Clock } from '../../host/clock.ts';
import type { Database, Databases } from '../contract.ts';
import type { Authority, Credentials } from '../identity/authority.ts';
import type { OneTimeCodes } from '../identity/codes.ts';
import { identityToHex } from '../identity/identity.ts';
import { bearerToken } from '../socket/handshake.ts';

/** What every route needs. */
export interface Services {
  readonly databases: Databases;
  readonly authority: Authority;
  readonly codes: OneTimeCodes;
  readonly clock: Clock;
  readonly report: (error: unknown, doing: string) => void;
}

/** What a request's handlers pass to each other. */
export interface Env {
  Variables: { caller: Credentials | undefined };
}

/** The request's caller; without a token somebody new. @throws Rejection `token` */
export async function authenticate(context: Context<Env>, authority: Authority): Promise<Credentials> {
  const token = tokenOf(context);
  const caller = token === undefined ? await authority.mint() : await authority.verify(token);
  context.set('caller', caller);
  return caller;
}

/** Like `authenticate`, for routes that make no sense without a token. @throws Rejection `token` */
export async function requireToken(context: Context<Env>, authority: Authority): Promise<Credentials> {
  if (tokenOf(context) === undefined) {
    throw new Rejection('token', 'This needs a token: send it as `Authorization: Bearer …` or `?token=…`.');
  }
  return authenticate(context, authority);
}

/** Tells every authenticated caller, in the answer's headers, who it is. */
export const tellCaller: MiddlewareHandler<Env> = async (context, next) => {
  await next();
  const caller = context.get('caller');
  if (caller === undefined) return;
  context.header('spacetime-identity', identityToHex(caller.identity));
  context.header('spacetime-identity-token', caller.token);
};

/** The database named in the path. @throws Rejection `no-such-database` */
export function databaseOf(context: Context<Env>, databases: Databases): Database {
  const name = context.req.param('name') ?? '';
  const database = databases.find(name);
  if (database === undefined) throw new Rejection('no-such-database', `\`${name}\` not found`);
  return database;
}

/** The database named in the path, for its owner. @throws Rejection `token`, `no-such-database`, `not-owner` */
export async function ownedDatabase(
  context: Context<Env>,
  { authority, databases }: Services,
  doing: string,
): Promise<Database> {
  const caller = await authenticate(context, authority);
  const database = databaseOf(context, databases);
  if (caller.identity === database.owner) return database;
  throw new Rejection(
    'not-owner',
    `${identityToHex(caller.identity)} may not ${doing}: only the database's owner may.`,
  );
}

function tokenOf(context: Context<Env>): string | undefined {
  return bearerToken(context.req.header('authorization')) ?? context.req.query('token');
}
