import { tables } from '../../bindings/index.ts';
import type { OpenInvite } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { handleOf } from '../lib/code.ts';
import { Failure } from '../lib/failure.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { readInvite } from '../lib/invite.ts';
import { jsonOf } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { textTable } from '../lib/text-table.ts';

/** The ways in that are open still, by the beginning of their codes: nobody can show the rest again. */
export async function invitesList(options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const invites = await invitesOf(hub, await findTenant(hub));
    if (options.json) return console.log(jsonOf(invites));
    if (invites.length === 0) return console.log('No invite is open: `helix members invite` makes one.');
    const lines = invites.map(({ handle, kind, role, expiresAt }) => [
      `${handle}-…`,
      kind.tag === 'Limb' ? 'a limb' : `a member, as ${role.tag.toLowerCase()}`,
      expiresAt.toISOString().slice(0, 19).replace('T', ' '),
    ]);
    console.log(textTable(['code', 'for', 'until (UTC)'], lines));
  });
}

export async function invitesWithdraw(text: string, options: HubOptions): Promise<void> {
  const { code } = readInvite(text);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const handle = handleOf(code.trim().toUpperCase());
    const known = (await invitesOf(hub, tenantId)).map((invite) => invite.handle);
    if (!known.includes(handle)) {
      const what = known.length === 0 ? 'no invite is open' : `open are ${known.map((one) => `${one}-…`).join(', ')}`;
      throw new Failure(`There is no open invite ${handle}-…: ${what}`);
    }
    await call(hub, hub.connection.reducers.withdrawInvite({ tenantId, handle }));
    console.log(`The invite ${handle}-… lets nobody in any more.`);
  });
}

async function invitesOf(hub: Hub, tenantId: bigint): Promise<OpenInvite[]> {
  await subscribe(hub, [tables.openInvites]);
  const open = [...hub.connection.db.openInvites.iter()].filter((invite) => invite.tenantId === tenantId);
  return open.sort((a, b) => Number(a.expiresAt.microsSinceUnixEpoch - b.expiresAt.microsSinceUnixEpoch));
}
