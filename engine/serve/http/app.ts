import { Hono } from 'hono';
import type { Counters } from '../socket/counters.ts';
import { errorAnswer, textAnswer } from './answer.ts';
import { callRoutes } from './call-routes.ts';
import { type Env, type Services, tellCaller } from './caller.ts';
import { anyOrigin } from './cors.ts';
import { databaseRoutes } from './database-routes.ts';
import { forkRoutes } from './fork-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { identityRoutes } from './identity-routes.ts';
import { logRoutes } from './log-routes.ts';
import { mcpRoutes } from './mcp-routes.ts';
import { isModuleRoute, moduleRoutes } from './module-routes.ts';
import { publishRoutes } from './publish-routes.ts';
import { statusRoutes } from './status-routes.ts';

export interface AppOptions extends Services {
  readonly counters: Counters;
  /** The text of `/metrics`. */
  readonly metrics: () => string;
  /** Answers whatever is under `/_/`. */
  readonly dashboard: ((request: Request) => Response | Promise<Response>) | undefined;
  /** Answers whatever is not under `/v1` and not `/metrics`. */
  readonly fallback: ((request: Request) => Response | Promise<Response>) | undefined;
}

/** Every HTTP route of the host. */
export function createApp(options: AppOptions): Hono<Env> {
  const { counters, report, dashboard, fallback } = options;
  const app = new Hono<Env>();

  app.use(async (context, next) => {
    counters.httpRequests += 1;
    await next();
    if (context.res.status >= 400) counters.httpErrors += 1;
  });
  app.use('/v1/*', (context, next) => (isModuleRoute(context.req.path) ? next() : anyOrigin(context, next)));
  app.use('/v1/*', tellCaller);

  app.get('/v1/ping', (context) => context.body(null, 200));
  // Nothing here costs energy.
  app.get('/v1/energy/:identity', (context) => context.json({ balance: '0' }));
  for (const path of ['/metrics', '/v1/metrics']) app.get(path, () => textAnswer(200, options.metrics()));
  app.get('/v1/prometheus/sd', (context) => context.json([metricsTarget(new URL(context.req.url))]));
  app.route('/v1/identity', identityRoutes(options));
  app.route('/v1/database', publishRoutes(options));
  app.route('/v1/database', databaseRoutes(options));
  app.route('/v1/database', forkRoutes(options));
  app.route('/v1/database', callRoutes(options));
  app.route('/v1/database', logRoutes(options));
  app.route('/v1/database', historyRoutes(options));
  app.route('/v1/database', moduleRoutes(options));
  app.route('/v1/database', mcpRoutes(options));

  app.route('/v1/status', statusRoutes(options));

  app.all('/v1/*', (context) => textAnswer(404, `There is no ${context.req.method} ${context.req.path} here.`));
  if (dashboard) {
    app.get('/_', (context) => context.redirect('/_/'));
    app.all('/_/*', (context) => dashboard(context.req.raw));
  }
  app.all('*', (context) => fallback?.(context.req.raw) ?? textAnswer(404, `There is no ${context.req.path} here.`));
  app.onError((error, context) =>
    errorAnswer(error, (unexpected) => report(unexpected, `answering ${context.req.method} ${context.req.path}`)),
  );
  return app;
}

/** Where the figures are, as Prometheus' HTTP service discovery has it. */
function metricsTarget({ host, protocol }: URL) {
  return { targets: [host], labels: { __scheme__: protocol.slice(0, -1), __metrics_path__: '/v1/metrics' } };
}
