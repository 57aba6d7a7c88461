import { cors } from 'hono/cors';

/** Any origin may ask with any method: a token is sent on purpose, never by the browser itself. */
export const anyOrigin = cors({
  origin: '*',
  allowHeaders: ['authorization', 'accept', 'content-type'],
  allowMethods: ['*'],
  exposeHeaders: [
    'spacetime-identity',
    'spacetime-identity-token',
    'spacetime-energy-used',
    'spacetime-execution-duration-micros',
  ],
});
