import { randomBytes } from 'node:crypto';
import { tables } from '../../bindings/index.ts';
import type { Hook } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { moment } from '../lib/event-line.ts';
import { Failure } from '../lib/failure.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { pickOne } from '../lib/pick-one.ts';
import { jsonOf } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

const styles = { standard: 'Standard', github: 'GitHub' } as const;

export interface HookCreateOptions extends ClientOptions {
  readonly kind: string;
  readonly style: keyof typeof styles;
}

export async function hooksCreate(name: string, options: HookCreateOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const secret = newSecret();
    const style = { tag: styles[options.style] };
    await call(hub, hub.connection.reducers.createHook({ tenantId, name, kind: options.kind, style, secret }));
    show(hub, pickHook(await hooksOf(hub, tenantId), name.trim()), secret, options);
  });
}

export async function hooksList(options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const hooks = await hooksOf(hub, await findTenant(hub));
    if (options.json) return console.log(jsonOf(hooks));
    if (hooks.length === 0) return console.log('There is no hook: `helix hooks create --help` says how to make one.');
    const lines = hooks.map((hook) => [
      `${hook.id}`,
      oneLine(hook.name),
      hook.kind,
      hook.style.tag.toLowerCase(),
      `${hook.deliveries}`,
      hook.deliveredAt === undefined ? 'never' : moment(hook.deliveredAt),
      addressOf(hub, hook),
    ]);
    console.log(textTable(['hook', 'name', 'kind', 'style', 'deliveries', 'last', 'address'], lines));
  });
}

export async function hooksRotate(text: string, options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const hook = pickHook(await hooksOf(hub, await findTenant(hub)), text);
    const secret = newSecret();
    await call(hub, hub.connection.reducers.rotateHook({ hookId: hook.id, secret }));
    show(hub, hook, secret, options);
  });
}

export async function hooksDelete(text: string, options: HubOptions & { readonly yes?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const hook = pickHook(await hooksOf(hub, await findTenant(hub)), text);
    const question = `Delete the hook ${oneLine(hook.name)}? What is sent to it is refused from then on.`;
    if (!options.yes && !(await confirm(question, '--yes'))) throw new Failure('Nothing was deleted');
    await call(hub, hub.connection.reducers.deleteHook({ hookId: hook.id }));
    console.log(`The hook ${oneLine(hook.name)} is deleted.`);
  });
}

function show(hub: Hub, hook: Hook, secret: string, { json }: ClientOptions): void {
  const address = addressOf(hub, hook);
  const shown = { hook: `${hook.id}`, name: hook.name, address, secret };
  console.log(json ? JSON.stringify(shown, undefined, 2) : `address  ${address}\nsecret   ${secret}`);
  console.error('The secret is not shown again: give it to the sender now.');
}

function addressOf(hub: Hub, { id }: Hook): string {
  return `${hub.url}/hooks/${id}`;
}

/** 32 random bytes as the Standard Webhooks specification writes them. */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

async function hooksOf(hub: Hub, tenantId: bigint): Promise<Hook[]> {
  await subscribe(hub, [tables.hooks.where((hook) => hook.tenantId.eq(tenantId))]);
  return [...hub.connection.db.hooks.iter()].sort((a, b) => Number(a.id - b.id));
}

function pickHook(hooks: readonly Hook[], text: string): Hook {
  return pickOne('hook', hooks, text, { nameOf: ({ name }) => name, keyOf: ({ id }) => `${id}` });
}
