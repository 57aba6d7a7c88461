import { runOnHub } from '../lib/client-command.ts';
import type { HubOptions } from '../lib/hub.ts';
import { createInvite } from '../lib/invite.ts';
import { type RoleName, roleTags } from '../lib/roles.ts';

export interface LinkOptions extends HubOptions {
  readonly role: RoleName;
}

/** Prints a link that signs one browser in. */
export async function link(options: LinkOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const code = await createInvite(hub, 'Member', roleTags[options.role]);
    console.log(`${hub.url}/#code=${code}`);
    console.error(
      `Whoever opens this link in the next 15 minutes becomes ${options.role} of this tenant. It works once.`,
    );
    console.error("From a terminal: helix tenants join '<link>' --name <name>");
  });
}
