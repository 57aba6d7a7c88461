import { Hono } from 'hono';
import { Rejection } from '../../errors.ts';
import { identityFromHex, identityToHex } from '../identity/identity.ts';
import { emptyAnswer } from './answer.ts';
import { readText } from './body.ts';
import { authenticate, type Env, requireToken, type Services } from './caller.ts';

const codeBytesMax = 1024;
const codeRefused = 'The one-time code is unknown, used or older than 15 minutes: make a new link.';

/** `/v1/identity`: new identities, tokens, and what an identity owns. */
export function identityRoutes({ authority, codes, databases }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.post('/', async (context) => {
    const { identity, token } = await authority.mint();
    return context.json({ identity: identityToHex(identity), token });
  });

  routes.post('/websocket-token', async (context) => {
    const { token } = await authority.shorten(await requireToken(context, authority));
    return context.json({ token });
  });

  routes.post('/code', async (context) => {
    const caller = await requireToken(context, authority);
    const isOwner = databases.ownedBy(caller.identity).length > 0;
    const code = codes.create(caller, isOwner);
    return context.json({ code });
  });

  routes.post('/redeem', async (context) => {
    const redeemed = await codes.redeem((await readText(context.req.raw, codeBytesMax)).trim());
    if (redeemed === undefined) throw new Rejection('token', codeRefused);
    return context.json({ identity: identityToHex(redeemed.identity), token: redeemed.token });
  });

  routes.get('/public-key', (context) =>
    context.body(authority.publicPem, 200, { 'content-type': 'application/pem-certificate-chain' }),
  );

  routes.get('/:identity/verify', async (context) => {
    const identity = readIdentity(context.req.param('identity'));
    const caller = await requireToken(context, authority);
    return emptyAnswer(caller.identity === identity ? 204 : 400);
  });

  routes.get('/:identity/databases', async (context) => {
    await authenticate(context, authority);
    const owned = databases.ownedBy(readIdentity(context.req.param('identity')));
    return context.json({ identities: owned.map((database) => identityToHex(database.identity)) });
  });

  return routes;
}

function readIdentity(text: string): bigint {
  const identity = identityFromHex(text);
  if (identity === undefined) throw new Rejection('identity', `\`${text}\` is no identity: expected 64 hex digits.`);
  return identity;
}
