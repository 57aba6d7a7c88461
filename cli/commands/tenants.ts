import { tables } from '../../bindings/index.ts';
import { runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { readRunningHub } from '../lib/home.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { readInvite } from '../lib/invite.ts';
import { plainRow } from '../lib/plain-row.ts';
import { chooseTenant, chosenTenant, listTenants, pickTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

export async function tenantsList(options: HubOptions & { readonly json?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenants = await listTenants(hub);
    await subscribe(hub, [tables.members]);
    const only = tenants.length === 1 ? tenants[0].id : undefined;
    const chosen = only ?? (await chosenTenant(hub));
    const rows = tenants.map((tenant) => ({
      ...plainRow(tenant),
      role: ownRole(hub, tenant.id),
      isChosen: tenant.id === chosen,
    }));
    if (options.json) return console.log(JSON.stringify(rows, undefined, 2));
    const lines = tenants.map(({ id, name }) => [
      `${id}`,
      oneLine(name),
      ownRole(hub, id),
      id === chosen ? 'commands are about this one' : '',
    ]);
    console.log(textTable(['number', 'name', 'you are', ''], lines));
  });
}

export async function tenantsCreate(name: string, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const before = new Set((await listTenants(hub)).map(({ id }) => id));
    await call(hub, hub.connection.reducers.createTenant({ name }));
    const made = (await listTenants(hub)).find(({ id }) => !before.has(id));
    if (made === undefined)
      throw new Failure('The hub made the tenant but does not show it: look at `helix tenants list`');
    console.log(`${oneLine(made.name)} is tenant ${made.id}, and you own it.`);
    console.error(
      `Commands are about it after \`helix tenants use ${made.id}\`, or one by one with --tenant ${made.id}.`,
    );
  });
}

export async function tenantsUse(text: string, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const { id, name } = pickTenant(await listTenants(hub), text);
    await chooseTenant(hub, id);
    console.log(`Commands for ${hub.url} are about ${oneLine(name)} (tenant ${id}) from now on.`);
  });
}

/** Redeems an invite, as somebody new where the hub is another one's. */
export async function tenantsJoin(invite: string, options: HubOptions & { readonly name: string }): Promise<void> {
  const { code, hub: itsHub } = readInvite(invite);
  await runOnHub({ ...options, hub: options.hub ?? itsHub, isNewcomer: true }, async (hub) => {
    await subscribe(hub, [tables.tenants]);
    const before = new Set([...hub.connection.db.tenants.iter()].map(({ id }) => id));
    await call(hub, hub.connection.reducers.redeemInvite({ code, name: options.name }));
    const joined = (await listTenants(hub)).find(({ id }) => !before.has(id));
    console.log(
      joined === undefined
        ? 'You were a member of this tenant already. The code is used.'
        : `You are a member of ${oneLine(joined.name)} (tenant ${joined.id}).`,
    );
    const isHere = (await readRunningHub(hub.home))?.url === hub.url;
    if (!isHere) console.error(`Commands speak to this hub with --hub ${hub.url}, or HELIX_HUB=${hub.url}.`);
  });
}

function ownRole(hub: Hub, tenantId: bigint): string {
  const { db, identity } = hub.connection;
  const own = [...db.members.iter()].find((row) => row.tenantId === tenantId && identity?.isEqual(row.identity));
  return own?.role.tag.toLowerCase() ?? '';
}
