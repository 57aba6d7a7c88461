import { Hono } from 'hono';
import { parseJson } from '../../bsatn/satsjson-read.ts';
import { textAnswer } from './answer.ts';
import { readText } from './body.ts';
import { authenticate, databaseOf, type Env, type Services } from './caller.ts';

const bodyBytesMax = 4 * 1024 * 1024;

/** `/v1/database/:name/mcp`: what a caller may do with a database, as tools for language models. */
export function mcpRoutes({ databases, authority, report }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.post('/:name/mcp', async (context) => {
    const caller = await authenticate(context, authority);
    const database = databaseOf(context, databases);
    const text = await readText(context.req.raw, bodyBytesMax);
    const message = parse(text);
    if (message === undefined) return context.json(parseError, 400);
    // Few hosts ever need it, and it takes a while to load.
    const { answerMcp } = await import('../mcp/server.ts');
    return await answerMcp(context.req.raw, message, database, caller, (error) => report(error, 'running an MCP tool'));
  });

  // Nothing is sent unasked, and there are no sessions to end.
  routes.all('/:name/mcp', () => {
    const answer = textAnswer(405, 'This endpoint takes messages of the Model Context Protocol by POST.');
    answer.headers.set('allow', 'POST');
    return answer;
  });

  return routes;
}

const parseError = { jsonrpc: '2.0', error: { code: -32700, message: 'Parse error: the body is not JSON' }, id: null };

interface Message {
  readonly params?: { readonly arguments?: unknown };
}

/** A message with the arguments of its tool as `parseJson` reads them: every digit of a long integer counts. */
function parse(text: string): unknown {
  try {
    const message = JSON.parse(text) as Message | null;
    if (message?.params?.arguments === undefined) return message;
    const exact = parseJson(text) as typeof message;
    return { ...message, params: { ...message.params, arguments: exact.params?.arguments } };
  } catch {
    return undefined;
  }
}
