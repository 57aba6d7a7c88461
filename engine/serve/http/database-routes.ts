import { Hono } from 'hono';
import { z } from 'zod';
import { Rejection } from '../../errors.ts';
import type { Database } from '../contract.ts';
import { identityToHex } from '../identity/identity.ts';
import { jsonAnswer, textAnswer } from './answer.ts';
import { readText } from './body.ts';
import { authenticate, databaseOf, type Env, ownedDatabase, type Services } from './caller.ts';
import { requireDatabaseName } from './database-name.ts';

const namesBytesMax = 64 * 1024;

const nameList = z.array(z.string());

/** `/v1/database/:name`: what a database is, and its names. */
export function databaseRoutes(services: Services): Hono<Env> {
  const { databases, authority } = services;
  const routes = new Hono<Env>();

  routes.get('/:name', (context) => {
    const database = databaseOf(context, databases);
    return context.json({
      database_identity: identityToHex(database.identity),
      owner_identity: identityToHex(database.owner),
      host_type: 'js',
      initial_program: database.programHash,
    });
  });

  routes.get('/:name/identity', (context) => textAnswer(200, identityToHex(databaseOf(context, databases).identity)));

  routes.get('/:name/names', (context) => {
    return context.json({ names: databases.names(databaseOf(context, databases)) });
  });

  routes.post('/:name/names', async (context) => {
    const caller = await authenticate(context, authority);
    const database = databaseOf(context, databases);
    const name = (await readText(context.req.raw, namesBytesMax)).trim();
    requireDatabaseName(name);
    if (caller.identity !== database.owner || !isFree(name, database)) {
      return jsonAnswer(401, JSON.stringify({ PermissionDenied: { domain: name } }));
    }
    await databases.rename(database, [...new Set([...databases.names(database), name])]);
    return context.json({ Success: { domain: name, database_result: identityToHex(database.identity) } });
  });

  routes.put('/:name/names', async (context) => {
    const database = await ownedDatabase(context, services, 'name this database');
    const names = nameList.safeParse(parseJson(await readText(context.req.raw, namesBytesMax)));
    if (!names.success)
      throw new Rejection('names', 'The body is not a JSON array of strings, expected the new names.');
    for (const name of names.data) requireDatabaseName(name);
    if (!names.data.every((name) => isFree(name, database))) return jsonAnswer(401, '{"PermissionDenied":null}');
    await databases.rename(database, [...new Set(names.data)]);
    return context.json({ Success: null });
  });

  const isFree = (name: string, database: Database): boolean => {
    const holder = databases.find(name);
    return holder === undefined || holder === database;
  };

  return routes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
