import { Hono } from 'hono';
import { Rejection } from '../../errors.ts';
import { readBoolean } from '../socket/handshake.ts';
import { sqlJson } from '../sql-json.ts';
import { emptyAnswer, jsonAnswer } from './answer.ts';
import { readText } from './body.ts';
import { authenticate, databaseOf, type Env, type Services } from './caller.ts';

const bodyBytesMax = 32 * 1024 * 1024;

/** `/v1/database/:name`: calls, SQL and the schema. */
export function callRoutes({ databases, authority, clock }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.post('/:name/call/:function', async (context) => {
    const caller = await authenticate(context, authority);
    const database = databaseOf(context, databases);
    const contentType = context.req.header('content-type') ?? '';
    if (!/^application\/json\b/i.test(contentType)) {
      const seen = contentType === '' ? 'missing' : JSON.stringify(contentType);
      throw new Rejection('content-type', `The content-type is ${seen}, expected application/json.`);
    }
    const args = await readText(context.req.raw, bodyBytesMax);
    const startedMs = performance.now();
    const tellDuration = (micros: number): void => {
      context.header('spacetime-energy-used', '0');
      context.header('spacetime-execution-duration-micros', String(Math.round(micros)));
    };
    const answer = await database.callHttp(caller, context.req.param('function'), args).catch((error) => {
      tellDuration((performance.now() - startedMs) * 1000);
      throw error;
    });
    tellDuration(answer.durationMicros);
    if (answer.kind === 'reducer') return context.body(null, 200);
    return context.body(answer.value, 200, { 'content-type': 'application/json' });
  });

  routes.post('/:name/sql', async (context) => {
    const caller = await authenticate(context, authority);
    const database = databaseOf(context, databases);
    const confirmed = readBoolean(context.req.query('confirmed'), true);
    if (confirmed === undefined) {
      throw new Rejection('confirmed', `confirmed is ${context.req.query('confirmed')}, expected true or false.`);
    }
    const answers = await database.sql(caller, await readText(context.req.raw, bodyBytesMax), confirmed);
    return jsonAnswer(200, sqlJson(answers));
  });

  routes.get('/:name/schema', async (context) => {
    await authenticate(context, authority);
    const database = databaseOf(context, databases);
    const version = context.req.query('version');
    if (version !== '9' && version !== '10') {
      throw new Rejection('version', `version is ${version ?? 'missing'}, expected 9 or 10: \`/schema?version=10\`.`);
    }
    return jsonAnswer(200, database.schema(version === '9' ? 9 : 10));
  });

  routes.get('/:name/unstable/timestamp', (context) => {
    databaseOf(context, databases);
    return context.json({ __timestamp_micros_since_unix_epoch__: Number(clock.nowMicros()) });
  });

  // What only a WebSocket can ask for.
  routes.get('/:name/subscribe', () => {
    const answer = emptyAnswer(426);
    answer.headers.set('upgrade', 'websocket');
    return answer;
  });

  return routes;
}
