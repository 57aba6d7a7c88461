import { tables } from '../../bindings/index.ts';
import type { Member } from '../../bindings/types.ts';
import { runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { pickOne } from '../lib/pick-one.ts';
import { jsonOf } from '../lib/plain-row.ts';
import { type RoleName, roleTags } from '../lib/roles.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

interface SureOptions extends HubOptions {
  readonly yes?: boolean;
}

export async function membersList(options: HubOptions & { readonly json?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const members = await membersOf(hub, await findTenant(hub));
    if (options.json) return console.log(jsonOf(members));
    const lines = members.map(({ name, role, joinedAt, identity }) => [
      oneLine(name),
      role.tag.toLowerCase(),
      joinedAt.toISOString().slice(0, 10),
      `${identity.toHexString().slice(0, 16)}${hub.connection.identity?.isEqual(identity) ? '  you' : ''}`,
    ]);
    console.log(textTable(['name', 'role', 'since', 'identity'], lines));
  });
}

export async function membersRole(text: string, role: RoleName, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const { identity, name } = pickMember(await membersOf(hub, tenantId), text);
    await call(hub, hub.connection.reducers.setRole({ tenantId, identity, role: { tag: roleTags[role] } }));
    console.log(`${oneLine(name)} is ${role} from now on.`);
  });
}

export async function membersRemove(text: string, options: SureOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const { identity, name } = pickMember(await membersOf(hub, tenantId), text);
    const question = `Remove ${oneLine(name)} from the tenant? To come back takes a new invite.`;
    if (!options.yes && !(await confirm(question, '--yes'))) return console.error('Nothing was changed.');
    await call(hub, hub.connection.reducers.removeMember({ tenantId, identity }));
    console.log(`${oneLine(name)} is not a member any more.`);
  });
}

export async function membersLeave(options: SureOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const name = oneLine(hub.connection.db.tenants.id.find(tenantId)?.name ?? '');
    const question = `Leave the tenant ${name}? To come back takes a new invite.`;
    if (!options.yes && !(await confirm(question, '--yes'))) return console.error('Nothing was changed.');
    await call(hub, hub.connection.reducers.leaveTenant({ tenantId }));
    console.log(`You have left ${name}.`);
  });
}

/** The members of a tenant, by name. */
export async function membersOf(hub: Hub, tenantId: bigint): Promise<Member[]> {
  await subscribe(hub, [tables.members]);
  const all = [...hub.connection.db.members.iter()].filter((member) => member.tenantId === tenantId);
  return all.sort((a, b) => a.name.localeCompare(b.name));
}

/** @throws Failure */
export function pickMember(members: readonly Member[], text: string): Member {
  return pickOne('member', members, text, {
    nameOf: ({ name }) => name,
    keyOf: ({ identity }) => identity.toHexString(),
  });
}
