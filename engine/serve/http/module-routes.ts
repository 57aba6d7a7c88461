import { type Context, Hono } from 'hono';
import type { Database } from '../contract.ts';
import { textAnswer } from './answer.ts';
import { readBody } from './body.ts';
import { databaseOf, type Env, type Services } from './caller.ts';
import { anyOrigin } from './cors.ts';

const bodyBytesMax = 32 * 1024 * 1024;

/** Headers about the connection between two hops, which a module's answer cannot set. */
const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'content-length', 'trailer']);

const routePattern = /^\/v1\/database\/[^/]+\/route(\/.*)?$/;
const allowOrigin = 'access-control-allow-origin';

/** Whether a path belongs to the handlers of a module, which may answer browsers' preflight requests themselves. */
export function isModuleRoute(path: string): boolean {
  return routePattern.test(path);
}

/** `/v1/database/:name/route…`: the module's own HTTP handlers. */
export function moduleRoutes({ databases }: Services): Hono<Env> {
  const routes = new Hono<Env>();
  const serve = async (context: Context<Env>): Promise<Response> => {
    const answer = await ownAnswer(databaseOf(context, databases), context.req.raw);
    if (answer === undefined) return (await anyOrigin(context, async () => {})) ?? unregistered();
    if (!answer.headers.has(allowOrigin)) answer.headers.set(allowOrigin, '*');
    return answer;
  };
  routes.all('/:name/route', serve);
  routes.all('/:name/route/*', serve);
  return routes;
}

/** Has the module answer a request to `/v1/database/:name/route…`. @throws Rejection as `Database.route` does */
export async function answerRequest(database: Database, request: Request): Promise<Response> {
  return (await ownAnswer(database, request)) ?? unregistered();
}

async function ownAnswer(database: Database, request: Request): Promise<Response | undefined> {
  const path = routePattern.exec(new URL(request.url).pathname)?.[1] ?? '';
  const answer = await database.route({
    method: request.method.toUpperCase(),
    path,
    uri: request.url,
    headers: [...request.headers].map(([name, value]) => [name, Buffer.from(value, 'latin1')] as const),
    body: await readBody(request, bodyBytesMax),
  });
  if (answer === undefined) return undefined;
  const headers = new Headers();
  for (const [name, value] of answer.headers) {
    if (!hopHeaders.has(name.toLowerCase())) headers.append(name, Buffer.from(value).toString('latin1'));
  }
  const hasBody = answer.status !== 204 && answer.status !== 205 && answer.status !== 304;
  return new Response(hasBody ? Buffer.from(answer.body) : null, { status: answer.status, headers });
}

function unregistered(): Response {
  return textAnswer(404, 'Database has not registered a handler for this route');
}
