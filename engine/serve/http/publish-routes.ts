import { type Context, Hono } from 'hono';
import { Rejection } from '../../errors.ts';
import type { PublishPlan, PublishRequest } from '../contract.ts';
import { identityFromHex, identityToHex } from '../identity/identity.ts';
import { readBoolean } from '../socket/handshake.ts';
import { jsonAnswer, statusOf, textAnswer } from './answer.ts';
import { readBody } from './body.ts';
import { authenticate, type Env, ownedDatabase, type Services } from './caller.ts';
import { requireDatabaseName } from './database-name.ts';

const bundleBytesMax = 64 * 1024 * 1024;

/** `/v1/database`: creating, updating, resetting, locking and deleting databases. */
export function publishRoutes(services: Services): Hono<Env> {
  const { databases, authority } = services;
  const routes = new Hono<Env>();

  const publish = async (context: Context<Env>, name: string | undefined): Promise<Response> => {
    const caller = await authenticate(context, authority);
    if (name !== undefined) requireNameOrIdentity(name);
    const existing = name === undefined ? undefined : databases.find(name);
    if (existing !== undefined && existing.owner !== caller.identity) return permissionDenied(name ?? '');
    const request = await readPublishRequest(context, name, caller.identity);
    try {
      const { database, op } = await databases.publish(request);
      const domain = name === undefined || identityFromHex(name) !== undefined ? null : name;
      return context.json({ Success: { domain, database_identity: identityToHex(database.identity), op } });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      if (error.code === 'permission-denied') return permissionDenied(name ?? '');
      if (statusOf(error) !== 400) throw error;
      const prefix = existing === undefined ? 'Database creation failed' : 'Database update rejected';
      return textAnswer(400, `${prefix}: ${error.message}`);
    }
  };

  routes.post('/', (context) => publish(context, undefined));
  routes.put('/:name', (context) => publish(context, context.req.param('name')));

  routes.post('/:name/pre_publish', async (context) => {
    const { owner } = await ownedDatabase(context, services, 'publish to this database');
    const request = await readPublishRequest(context, context.req.param('name'), owner);
    return context.json(planAnswer(await databases.planPublish(request)));
  });

  routes.put('/:name/reset', async (context) => {
    const database = await ownedDatabase(context, services, 'reset this database');
    const body = await readBody(context.req.raw, bundleBytesMax);
    await databases.reset(database, body.length === 0 ? undefined : readBundle(body));
    return context.body(null, 200);
  });

  routes.delete('/:name', async (context) => {
    await databases.delete(await ownedDatabase(context, services, 'delete this database'));
    return context.body(null, 200);
  });

  for (const [path, isLocked] of [
    ['/:name/lock', true],
    ['/:name/unlock', false],
  ] as const) {
    routes.post(path, async (context) => {
      await databases.setLocked(await ownedDatabase(context, services, 'lock or unlock this database'), isLocked);
      return context.body(null, 200);
    });
  }

  return routes;
}

async function readPublishRequest(
  context: Context<Env>,
  name: string | undefined,
  owner: bigint,
): Promise<PublishRequest> {
  const hostType = context.req.query('host_type') ?? 'Js';
  if (hostType.toLowerCase() !== 'js') {
    throw new Rejection(
      'host-type',
      `host_type is ${hostType}, expected Js: this server runs JavaScript modules only.`,
    );
  }
  const policy = context.req.query('policy') ?? 'Compatible';
  if (policy !== 'Compatible' && policy !== 'BreakClients') {
    throw new Rejection('policy', `policy is ${policy}, expected Compatible or BreakClients.`);
  }
  const clear = readBoolean(context.req.query('clear'), false);
  if (clear === undefined)
    throw new Rejection('clear', `clear is ${context.req.query('clear')}, expected true or false.`);
  const bundle = readBundle(await readBody(context.req.raw, bundleBytesMax));
  return { name, owner, bundle, clear, breakClients: policy === 'BreakClients', token: context.req.query('token') };
}

function readBundle(body: Buffer): string {
  if (body.length === 0)
    throw new Rejection('bundle', 'The body is empty, expected a module bundled as one ES module.');
  if (body.subarray(0, 4).toString('latin1') === '\0asm') {
    throw new Rejection(
      'bundle',
      'The body is WebAssembly, expected JavaScript: this server runs JavaScript modules only.',
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new Rejection('bundle', 'The body is not valid UTF-8, expected a module bundled as one ES module.', {
      cause,
    });
  }
}

function requireNameOrIdentity(name: string): void {
  if (identityFromHex(name) === undefined) requireDatabaseName(name);
}

function planAnswer(plan: PublishPlan) {
  return plan.kind === 'auto'
    ? {
        AutoMigrate: {
          migrate_plan: plan.plan,
          break_clients: plan.breaksClients,
          token: plan.token,
          major_version_upgrade: false,
        },
      }
    : { ManualMigrate: { reason: plan.reason, major_version_upgrade: false } };
}

function permissionDenied(name: string): Response {
  return jsonAnswer(401, JSON.stringify({ PermissionDenied: { name } }));
}
