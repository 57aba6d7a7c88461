import { Hono } from 'hono';
import { z } from 'zod';
import { Rejection } from '../../errors.ts';
import { type Moment, timeMoment } from '../../log/moment.ts';
import { identityToHex } from '../identity/identity.ts';
import { readText } from './body.ts';
import { type Env, ownedDatabase, type Services } from './caller.ts';
import { requireDatabaseName } from './database-name.ts';

const bodyBytesMax = 4096;

const order = z.object({
  name: z.string(),
  at: z.union([z.int().min(0), z.string().refine((text) => timeMoment(text) !== undefined)]).optional(),
});

/** `POST /v1/database/:name/fork`: a second database from a past state of one. */
export function forkRoutes(services: Services): Hono<Env> {
  const routes = new Hono<Env>();
  routes.post('/:name/fork', async (context) => {
    const database = await ownedDatabase(context, services, 'fork this database');
    const parsed = order.safeParse(parseJson(await readText(context.req.raw, bodyBytesMax)));
    if (!parsed.success) {
      const expected =
        '{"name": "…", "at": 1200} with an offset, a time such as "2026-01-31T12:00:00Z", or without `at`';
      throw new Rejection('fork', `The body is not what a fork needs: expected ${expected}.`);
    }
    const { name, at } = parsed.data;
    requireDatabaseName(name);
    const { database: forked, commitCount } = await services.databases.fork(database, name, momentOf(at));
    return context.json({ database_identity: identityToHex(forked.identity), commits: commitCount });
  });
  return routes;
}

function momentOf(at: number | string | undefined): Moment | undefined {
  if (at === undefined) return undefined;
  return typeof at === 'number' ? { kind: 'offset', offset: at } : timeMoment(at);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
