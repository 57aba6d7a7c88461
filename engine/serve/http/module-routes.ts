import { type Context, Hono } from 'hono';
import type { Database } from '../contract.ts';
import { textAnswer } from './answer.ts';
import { readBody } from './body.ts';
import { databaseOf, type Env, type Services } from './caller.ts';

const BODY_BYTES_MAX = 32 * 1024 * 1024;

/** Headers about the connection between two hops, which a module's answer cannot set. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'content-length', 'trailer']);

/** `/v1/database/:name/route…`: the module's own HTTP handlers. */
export function moduleRoutes({ databases }: Services): Hono<Env> {
  const routes = new Hono<Env>();
  const serve = (context: Context<Env>): Promise<Response> =>
    answerRequest(databaseOf(context, databases), context.req.raw);
  routes.all('/:name/route', serve);
  routes.all('/:name/route/*', serve);
  return routes;
}

/** Has the module answer a request to `/v1/database/:name/route…`. @throws Rejection as `Database.route` does */
export async function answerRequest(database: Database, request: Request): Promise<Response> {
  const uri = new URL(request.url);
  const path = /^\/v1\/database\/[^/]+\/route(\/.*)?$/.exec(uri.pathname)?.[1] ?? '';
  const answer = await database.route({
    method: request.method.toUpperCase(),
    path,
    uri: request.url,
    headers: [...request.headers].map(([name, value]) => [name, Buffer.from(value, 'latin1')] as const),
    body: await readBody(request, BODY_BYTES_MAX),
  });
  if (answer === undefined) return textAnswer(404, `No route of the module matches ${request.method} ${path}`);
  const headers = new Headers();
  for (const [name, value] of answer.headers) {
    if (!HOP_HEADERS.has(name.toLowerCase())) headers.append(name, Buffer.from(value).toString('latin1'));
  }
  const hasBody = answer.status !== 204 && answer.status !== 205 && answer.status !== 304;
  return new Response(hasBody ? Buffer.from(answer.body) : null, { status: answer.status, headers });
}
