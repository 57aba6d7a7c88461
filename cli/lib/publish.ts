import { z } from 'zod';
import { Failure } from './failure.ts';
import { ask, askText, databasePath, refusal, type Server } from './server.ts';

/** What publishing a bundle would do to a database. */
export type Plan =
  | { readonly kind: 'create' }
  /** `lines` are the steps; `breaks` are why connected clients cannot go on. */
  | { readonly kind: 'update'; readonly lines: readonly string[]; readonly breaks: readonly string[]; token: string }
  | { readonly kind: 'manual'; readonly reasons: readonly string[] };

export interface PublishSettings {
  readonly clear?: boolean;
  readonly breakClients?: boolean;
  /** Of the plan that was shown: nothing else is published. */
  readonly token?: string;
}

export interface Published {
  readonly identity: string;
  readonly op: 'created' | 'updated';
}

const planAnswer = z.union([
  z.object({ AutoMigrate: z.object({ migrate_plan: z.string(), token: z.string() }) }),
  z.object({ ManualMigrate: z.object({ reason: z.string() }) }),
]);
const publishAnswer = z.object({
  Success: z.object({ database_identity: z.string(), op: z.enum(['created', 'updated']) }),
});
const breakMark = 'BREAKS CLIENTS: ';

/** Asks the server what a bundle would change; nothing is changed. */
export async function planPublish(server: Server, name: string, bundle: string): Promise<Plan> {
  const there = await ask(server, 'GET', databasePath(name, '/identity'));
  if (there.status === 404) return { kind: 'create' };
  if (!there.ok) throw await refusal(server, there);
  const text = await askText(server, 'POST', databasePath(name, '/pre_publish'), { body: bundle });
  const answer = planAnswer.parse(JSON.parse(text));
  if ('ManualMigrate' in answer) return { kind: 'manual', reasons: answer.ManualMigrate.reason.split('\n') };
  const { migrate_plan: plan, token } = answer.AutoMigrate;
  const lines = plan.split('\n').filter((line) => line !== '');
  return {
    kind: 'update',
    lines: lines.filter((line) => !line.startsWith(breakMark)),
    breaks: lines.filter((line) => line.startsWith(breakMark)).map((line) => line.slice(breakMark.length)),
    token,
  };
}

/** Publishes a bundle under a name. @throws Failure with the server's words when it refuses */
export async function publishBundle(
  server: Server,
  name: string,
  bundle: string,
  settings: PublishSettings,
): Promise<Published> {
  const query = new URLSearchParams({ policy: settings.breakClients ? 'BreakClients' : 'Compatible' });
  if (settings.clear) query.set('clear', 'true');
  if (settings.token !== undefined) query.set('token', settings.token);
  const answer = publishAnswer.safeParse(
    JSON.parse(await askText(server, 'PUT', `${databasePath(name)}?${query}`, { body: bundle })),
  );
  if (!answer.success) throw new Failure(`${server.url} answered something unexpected: is it a server of databases?`);
  return { identity: answer.data.Success.database_identity, op: answer.data.Success.op };
}
