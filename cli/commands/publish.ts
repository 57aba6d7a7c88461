import pc from 'picocolors';
import { confirm } from '../lib/confirm.ts';
import { Failure } from '../lib/failure.ts';
import { bundleFile } from '../lib/module-file.ts';
import { type Plan, planPublish, publishBundle } from '../lib/publish.ts';
import { findServer, type ServerOptions } from '../lib/server.ts';

export interface PublishOptions extends ServerOptions {
  readonly module: string;
  readonly clear?: boolean;
  readonly breakClients?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Shows what an update changes, then publishes it. */
export async function publish(name: string, options: PublishOptions): Promise<void> {
  const text = await bundleFile(options.module);
  const server = await findServer(options);
  const plan = await planPublish(server, name, text);
  const clears = options.clear === true && plan.kind !== 'create';
  if (clears) {
    const agreed = options.yes || (await confirm(`All rows of ${name} at ${server.url} will be deleted.`, '--yes'));
    if (!agreed) throw new Failure('Nothing was published');
  } else await agree(name, plan, options);
  const { identity, op } = await publishBundle(server, name, text, {
    clear: clears,
    breakClients: clears || options.breakClients === true,
    ...(plan.kind === 'update' && !clears ? { token: plan.token } : {}),
  });
  if (options.json) console.log(JSON.stringify({ name, identity, op, server: server.url }));
  else console.log(`${clears ? 'cleared' : op} ${name} at ${server.url} (${identity})`);
}

/** Shows the plan. @throws Failure when it must not be carried out */
async function agree(name: string, plan: Plan, options: PublishOptions): Promise<void> {
  if (plan.kind === 'create') return;
  if (plan.kind === 'manual') {
    const reasons = plan.reasons.map((reason) => `\n  - ${reason}`).join('');
    const hint = 'change the module so that its rows fit, or delete them with --clear';
    throw new Failure(`The rows of ${name} cannot be kept; ${hint}:${reasons}`);
  }
  for (const line of plan.lines) console.error(pc.dim(`· ${line}`));
  if (plan.breaks.length === 0) return;
  for (const reason of plan.breaks) console.error(pc.yellow(`· breaks clients: ${reason}`));
  if (!options.breakClients) {
    throw new Failure('This update ends the connections of clients with older bindings: agree with --break-clients');
  }
  if (options.yes || !process.stdin.isTTY) return;
  if (!(await confirm('Publish it?', '--yes'))) throw new Failure('Nothing was published');
}
